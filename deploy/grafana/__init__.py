"""Grafana's dashboards as code: a module a dashboard, and the JSON that is built from them."""

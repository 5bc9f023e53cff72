"""Checks of what ops teams are given: rules, routes, dashboards, manifests, contracts."""

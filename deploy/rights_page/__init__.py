"""Writes deploy/RIGHTS.md, who may do what and how far, from the table and the services' routes."""

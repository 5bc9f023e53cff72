"""Keeps every promise of time: warns before it, says when it is missed, and lets it climb."""

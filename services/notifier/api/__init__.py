"""The HTTP edge of the notifier, a module a noun."""

"""The pages of the notifier, a module a page."""

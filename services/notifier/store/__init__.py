"""The tables of the notifier as domain objects, a module a noun."""

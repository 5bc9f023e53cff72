"""The three services: intake hears people, router calls units, notifier keeps promises of time."""

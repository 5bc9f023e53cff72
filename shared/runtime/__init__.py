"""What every service runs on: database, clock, inbox, outbox, consumer, relay, health, logs."""

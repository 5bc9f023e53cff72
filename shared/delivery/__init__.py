"""What leaves the city: short messages and signed webhooks, each sent at least once."""

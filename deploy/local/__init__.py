"""The embedded stack: a real Kafka and a real PostgreSQL beside the services, without Docker."""

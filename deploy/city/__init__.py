"""The simulated city: bureaus, residents and operators who speak real Kafka and real HTTP.

Each module with a `main` is a process of its own and knows the platform only by its topics and its
API, as an outside system does.
"""

"""The conformance kit: plays the city to one department's system and tells what it does wrong."""

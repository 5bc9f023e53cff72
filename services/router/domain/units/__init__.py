"""The units as the router's table has them: made known, removed, and who is away."""

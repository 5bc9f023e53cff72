"""Open311 GeoReport v2: the door for other systems of the open world."""

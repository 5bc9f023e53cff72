"""The router's HTTP edge: a module a noun; each route parses, calls one verb, answers."""

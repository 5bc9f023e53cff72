"""The router's tables: a module a noun, each with its statements in `sql/<noun>.sql`."""

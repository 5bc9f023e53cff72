"""What intake keeps in its database: a module a noun, taking and returning domain objects."""

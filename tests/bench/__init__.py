"""How fast it is, beside a bare floor: `make bench`. One module a row, its floor beside it."""

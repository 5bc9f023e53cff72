"""The city as data: categories, units, places, duty list and time limits, read from files.

`load` and `load_limits` read the files; everything else is pure and works on what they return.
"""

"""The auditor's own model of promises: what should have fired and when, from facts alone.

It is written a second time and apart from the engine, so that the two can be held against each
other: nothing here imports the engine's rules (a test). The base both trust is the working-day
calendar (`shared.calendar`), the limits as data (`shared.catalogue.limits`), the contracts with
their ids, and the domain clock's mapping to wall time.
"""

"""What at least two services stand on: words, contracts, calendar, catalogue, runtime, web frame.

Nothing in here knows a service.
"""

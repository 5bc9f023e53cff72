"""Whistles of streets and communities: blown, conferred on, taken over, accepted, rated."""

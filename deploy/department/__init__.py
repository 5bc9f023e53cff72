"""A department's own system, small and whole: start from a copy of this folder."""

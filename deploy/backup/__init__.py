"""Backups of the three databases, and the proof that one can be restored."""

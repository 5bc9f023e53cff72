"""Intake hears people: it registers requests, keeps who asked, and tells how each one goes on."""

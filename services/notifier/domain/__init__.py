"""The rules of promises of time, pure: what a fact means for them, when they warn and climb."""

"""The command `shaodao`: one module a group of commands."""

"""The router's rules, pure: who must come, by when, what a report changes, how a whistle ends."""

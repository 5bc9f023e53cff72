"""The router: hears tickets and reports, decides which units must come, judges what they say."""

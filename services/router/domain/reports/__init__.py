"""What a unit reports, judged: one rule a kind of report, and the table that finds it."""

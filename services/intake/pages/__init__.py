"""The pages of intake: operator desk, resident pages, ratings; parse, call one verb, render."""

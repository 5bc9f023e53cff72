"""The rules of intake: lifecycle, redaction, promises and words, without any I/O."""

"""Files that people upload: judged by their bytes, redrawn, kept under their hash."""

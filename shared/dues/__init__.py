"""Due times that move by themselves, for every service that owns some."""

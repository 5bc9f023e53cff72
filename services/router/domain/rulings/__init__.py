"""What a reviewer or the supervisor decides on what a unit asked for, and what waits for them."""

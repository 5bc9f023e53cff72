"""What a unit's people see: their part, its clocks, what they may ask for, their figures."""

"""Who must come, step by step: each rule of DOMAIN §6 in a module of its own."""

"""What the supervision board makes of promises and counts: ages, rising topics, health."""

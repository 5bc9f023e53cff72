"""Who hears what, and when: posts and the rota, ways of telling, bundles, what is held back."""

"""Who hears what, and when: posts, the rota, ways of telling, bundles, what an outage holds back."""

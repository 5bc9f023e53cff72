"""What the services and the departments say to each other: events, topics, ids, examples."""

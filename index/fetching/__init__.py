"""Articles from the network: guarded fetching, feeds and sitemaps, polite polling."""

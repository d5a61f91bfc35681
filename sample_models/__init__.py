"""Sample models on real credit applications. Nothing imports this package."""

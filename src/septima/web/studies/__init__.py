"""Models: lifetime value, attribution, experiments."""

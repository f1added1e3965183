"""Statistics over arrays, with no access to data."""

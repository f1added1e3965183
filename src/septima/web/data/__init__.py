"""Sources, freshness, uploads, quarantine and long work."""

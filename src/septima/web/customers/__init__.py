"""One customer's whole story; duplicates; export and erasure of a person's data."""

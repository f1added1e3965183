"""Composites, cards and their history."""

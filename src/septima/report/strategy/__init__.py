"""Drawings of goals: the strategy map and the tree."""

"""Definitions as forms: drafts, effects, approval, history."""

"""Questionnaires, links, answers and results."""

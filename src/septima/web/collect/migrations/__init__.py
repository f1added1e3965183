"""Migrations of collecting."""

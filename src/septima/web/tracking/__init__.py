"""Tracked links: short addresses that lead on and record who followed them, what and when."""

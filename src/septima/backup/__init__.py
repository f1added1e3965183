"""Keeping a whole workspace, with its site, in one file, and bringing it back."""

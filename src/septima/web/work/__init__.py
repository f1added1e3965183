"""Work that takes long, done in the background."""

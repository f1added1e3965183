"""Delta tables: load, map, validate, quarantine; and the one connection to an engine."""

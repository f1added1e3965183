"""Connections: data that come from where a company keeps them already, again and again, each row once."""

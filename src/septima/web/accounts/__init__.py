"""People, organisations, roles, invitations, tokens and the audit log."""

"""Rules that say when somebody has to look: read from `alerts.yaml`, checked, and told by e-mail and webhook."""

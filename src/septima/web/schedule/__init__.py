"""What is done by itself, by the schedule of each workspace."""

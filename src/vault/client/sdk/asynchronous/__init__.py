"""The objects for a loop."""

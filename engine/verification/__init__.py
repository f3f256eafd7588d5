"""Verify pictures against each other: of one class, or of different ones."""

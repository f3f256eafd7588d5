"""Filling a run's index: what it was trained on, files added, folders kept in step."""

"""Detecting ink: illumination, thresholds, ruled lines and marks in a picture from outside."""

"""Finding ink: light, thresholds, lines and marks in a picture from outside."""

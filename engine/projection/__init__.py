"""The map of a gallery: a place in the plane for each item, so that near ones lie together."""

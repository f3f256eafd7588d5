"""The losses, one a file, and the registry of their names."""

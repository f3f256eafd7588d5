"""The run folder: configuration, manifest, lifecycle."""

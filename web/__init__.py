"""The page and its HTTP API: what the commands do, for a browser and for other programs."""

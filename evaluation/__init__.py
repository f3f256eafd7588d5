"""From embeddings and labels alone: metrics, calibration, plots, the report."""

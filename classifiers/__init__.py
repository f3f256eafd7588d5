"""The baselines: one CNN in Keras' three styles, and their training."""

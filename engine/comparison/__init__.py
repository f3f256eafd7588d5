"""The Siamese network beside the baselines: contestants, contest, verdict, page."""

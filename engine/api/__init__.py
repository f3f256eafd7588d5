"""The public Python API: a run to be asked, its index, its figures, a scikit-learn estimator."""

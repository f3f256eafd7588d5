"""Audit a data set: wrong labels, doubles, leaks, pictures unlike the others, and a mended copy."""

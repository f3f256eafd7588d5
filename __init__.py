"""siam: Siamese similarity search, from a folder of labelled pictures to a decision."""

__version__ = "0.1.0"

"""The joins that commands and page share: train, open, query, evaluate, compare."""

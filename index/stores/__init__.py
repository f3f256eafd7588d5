"""Vector stores: one protocol, and FAISS behind it."""

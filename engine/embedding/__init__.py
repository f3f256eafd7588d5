"""Files of embeddings: their formats, and the parts that several machines made."""

"""The Siamese network: towers, losses, the two-input model, training, the encoder."""

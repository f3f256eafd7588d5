"""Which picture to label next, and labels that are kept at once and can be taken back."""

"""Pictures: from any picture file to a network's input."""

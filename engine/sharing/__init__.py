"""Runs on a hub, where others find them: put there with a card of their figures, and fetched."""

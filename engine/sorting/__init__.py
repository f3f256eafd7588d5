"""Sort pictures into a folder per answer, and take that back."""

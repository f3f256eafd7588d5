"""What is asked of the API, one kind of thing a file."""

"""A run as a page that needs no server: drawn on, it answers in the browser, by itself."""

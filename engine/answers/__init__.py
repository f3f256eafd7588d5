"""What a run says of pictures, and how it is shown and kept: sheets, pages, files."""

"""The catalogue: every take on a page of its own, as a website that works from a folder, and as a printed book."""

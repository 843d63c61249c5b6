"""Building and rendering the book."""

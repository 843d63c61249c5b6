"""Speech emotion recognition for low-resource languages: the package behind the book."""

"""The losses of both papers; each is tested against a slow, readable double loop."""

"""One small file a corpus; registry.py lists them."""

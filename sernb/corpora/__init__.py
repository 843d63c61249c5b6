"""One small file per corpus; registry.py lists them."""

"""The networks: Whisper's encoder with a head, BYOL's two networks, the autoencoder."""

"""What a network hears: log-mels, augmentation, datasets, samplers, hand-made features."""

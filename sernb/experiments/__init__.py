"""What to train on what, and how often: studies, recipes, conditions, sweeps, the leak, the transfer protocol."""

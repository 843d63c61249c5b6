"""Every picture of book and README."""

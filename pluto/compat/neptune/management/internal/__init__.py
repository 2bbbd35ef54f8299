"""Words and names of the management functions."""

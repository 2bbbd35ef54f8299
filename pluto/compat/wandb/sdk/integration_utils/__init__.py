"""What modules that log by themselves are made of."""

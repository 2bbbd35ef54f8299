"""How what the store has becomes what the Api shows."""

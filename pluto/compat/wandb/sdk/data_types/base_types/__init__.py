"""What all data types have in common."""

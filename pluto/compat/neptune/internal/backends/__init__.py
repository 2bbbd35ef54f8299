"""How this client talks to what it reads from."""

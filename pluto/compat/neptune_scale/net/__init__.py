"""What the client knows of servers."""

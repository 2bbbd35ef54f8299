"""The engine: what happens between a call of `log()` and the server's acknowledgement."""

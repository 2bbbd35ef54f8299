"""What a Pluto client and a Pluto server agree on, beyond the stock HTTP API.

The client (`pluto.core`) and the server (`pluto.server`) both import this package and never each other. It holds data
definitions only and needs nothing but msgspec.
"""

"""Defaults of the four entry points."""

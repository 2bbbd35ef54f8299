"""Delivering what runs have left behind, as click commands."""

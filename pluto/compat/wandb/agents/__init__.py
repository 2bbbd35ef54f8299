"""Agents of sweeps."""

"""Manifests by their version."""

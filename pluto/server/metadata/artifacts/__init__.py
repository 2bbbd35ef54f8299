"""Artifacts: collections, the versions in them, what those hold, and who logged, used and linked them."""

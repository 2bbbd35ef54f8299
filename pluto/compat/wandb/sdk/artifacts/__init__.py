"""Artifacts: versions of files, and whatever else goes with a run."""

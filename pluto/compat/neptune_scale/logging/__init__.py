"""From Python's logging to a run."""

"""Files that are referred to, and not kept."""

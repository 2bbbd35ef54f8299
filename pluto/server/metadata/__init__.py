"""What is known about runs, beside the series they logged: identity, status, config, tags, names and keys."""

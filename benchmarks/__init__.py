"""What Pluto costs, measured against raw SQLite in the same run: `python -m benchmarks`."""

"""From the calls of a run to Pluto's journal, and back from its receipts to callbacks."""

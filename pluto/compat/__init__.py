"""Doors: integrations with frameworks, and the vocabularies of other trackers."""

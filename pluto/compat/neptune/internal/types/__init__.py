"""Values that are not field types: files in their three forms, and what is to be made a text."""

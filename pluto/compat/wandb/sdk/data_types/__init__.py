"""Values that are more than a number or a text: media, tables, charts, graphs."""

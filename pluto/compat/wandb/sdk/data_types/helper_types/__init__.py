"""What images carry: boxes, masks, and the names of their classes."""

"""What is shared below Neptune's API: exceptions and warnings."""

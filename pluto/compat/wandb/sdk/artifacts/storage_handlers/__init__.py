"""What is only referred to, by the scheme of its address."""

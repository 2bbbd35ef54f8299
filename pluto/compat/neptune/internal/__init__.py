"""What the API is made of, under the paths by which other packages import it."""

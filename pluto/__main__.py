"""`python -m pluto` is the `pluto` script."""

from pluto.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()

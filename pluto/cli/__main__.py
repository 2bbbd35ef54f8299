"""`python -m pluto.cli` is the `pluto` script."""

from pluto.cli import main

if __name__ == "__main__":
    main()

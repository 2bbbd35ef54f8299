"""`python -m mlop` is the `pluto` script."""

from pluto.__main__ import main

if __name__ == "__main__":
    main()

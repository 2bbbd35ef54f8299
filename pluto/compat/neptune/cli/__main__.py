"""The commands as a program: `python -m pluto.compat.neptune.cli`."""

import click

from pluto.compat.neptune.cli.commands import clear, status, sync


@click.group()
def main() -> None:
    """Deliver, list and clear away what runs have left in `.neptune`."""


main.add_command(sync)
main.add_command(status)
main.add_command(clear)

if __name__ == "__main__":
    main(prog_name="pluto neptune")

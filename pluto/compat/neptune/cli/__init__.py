"""Commands for what is not delivered yet, as click commands: `pluto neptune sync|status|clear` runs them."""

from pluto.compat.neptune.cli.commands import status, sync

__all__ = ["status", "sync"]

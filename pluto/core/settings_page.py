"""docs/settings.md, from the table of options: `python -m pluto.core.settings_page > docs/settings.md`."""

from __future__ import annotations

import sys

from pluto.core.options import OPTIONS, RENAMED, Option

HEAD = """# Settings

What counts, strongest first: parameters of `pluto.init()`; `settings=` (a dict or `pluto.Settings`); environment
variables `PLUTO_…`; the old `MLOP_…` with the same ending (with a warning); the default. An empty variable counts as
not set. An option nobody knows and a value an option does not take raise `pluto.core.settings.SettingsError`. With no
key, host or address set and no `pluto login`, runs are kept on this machine.

Where some of the four addresses are set and others are not, the others are taken to be the same as `url_api` (or the
first that is set): a private server's data never goes to an address nobody named.

| option | default | environment | takes | meaning |
|---|---|---|---|---|
"""

OLD = """
## Old names

They take their value to the new name, with one warning: {renamed}.

These have no effect any more; setting one gives one warning that says what to do instead.

| option | instead |
|---|---|
"""


def page() -> str:
    """The page's text."""
    rows = "".join(_row(option) for option in OPTIONS.values() if not option.retired)
    renamed = ", ".join(f"`{old}` → `{new}`" for old, new in RENAMED.items())
    gone = [option for option in OPTIONS.values() if option.retired and option.name not in RENAMED]
    retired = "".join(f"| `{option.name}` | {option.doc} |\n" for option in gone)
    return HEAD + rows + OLD.format(renamed=renamed) + retired


def _row(option: Option) -> str:
    default = "" if option.default is None else f"`{option.check(option.default)}`"
    env = ", ".join(f"`{name}`" for name in option.env)
    return f"| `{option.name}` | {default} | {env} | {option.accepts} | {option.doc} |\n"


if __name__ == "__main__":
    sys.stdout.write(page())

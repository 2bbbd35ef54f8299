"""Tables of what is there of each mirrored package: `python docs/coverage.py` writes them into the pages about them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pluto.compat.alias import MIRRORED  # noqa: E402
from tests.compat.surfaces import RECORDED, problems  # noqa: E402

PACKAGES: Final = {
    ROOT / "docs" / "switching-from-neptune.md": ("neptune", "neptune_scale", "neptune_query"),
    ROOT / "docs" / "switching-from-wandb.md": ("wandb",),
}
"""The pages, and what each is about."""
BEGIN: Final = "<!-- written by `python docs/coverage.py` -->\n"
END: Final = "<!-- end -->\n"


def table(packages: Iterable[str]) -> str:
    """A line for each group of modules, and one for each package."""
    lines = ["| module | names | as in the original | methods, properties, attributes |", "|---|---:|---:|---:|"]
    for root in packages:
        groups: dict[str, list[str]] = {}
        for module in RECORDED[root]["modules"]:
            groups.setdefault(".".join(module.split(".")[:2]), []).append(module)
        rows = [(_called(group, modules), _counted(root, modules)) for group, modules in groups.items()]
        about = MIRRORED[root]
        total = tuple(map(sum, zip(*(counts for _, counts in rows), strict=True)))
        for title, counts in [(f"**{about.distribution} {about.version}**", total), *rows]:
            lines.append(f"| {title} | {' | '.join(map(str, counts))} |")
    return "\n".join(lines) + "\n"


def page(path: Path) -> str:
    """The page with the table of now."""
    before, _, rest = path.read_text().partition(BEGIN)
    return f"{before}{BEGIN}\n{table(PACKAGES[path])}\n{END}{rest.partition(END)[2]}"


def _called(group: str, modules: list[str]) -> str:
    below = len([module for module in modules if module != group])
    return f"`{group}`" + (f" and {below} below" if below else "")


def _counted(root: str, modules: list[str]) -> tuple[int, int, int]:
    found = [wrong for module in modules for wrong in problems(root, module).values()]
    return len(found), found.count([]), sum(map(len, _members(root, modules)))


def _members(root: str, modules: list[str]) -> Iterator[Any]:
    for module in modules:
        for facts in RECORDED[root]["modules"][module].get("names", {}).values():
            if isinstance(facts, str):
                yield RECORDED[root]["entities"][facts].get("members", ())


if __name__ == "__main__":
    for path in PACKAGES:
        path.write_text(page(path))

"""Who may import whom: holds the table in docs/architecture.md against the code."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = ("pluto", "pluto.query", "pluto.sweep")
OURS = ("pluto", "mlop", "pluto_migration")

# layer: what of Pluto it may import. A layer may always import itself.
MAY: dict[str, set[str]] = {
    "pluto.protocol": set(),
    "pluto.core": {"pluto.protocol"},
    "pluto.server": {"pluto.protocol"},
    "pluto": {"pluto.core", "pluto.protocol"},
    "pluto.compat": {"pluto", "pluto.core", "pluto.protocol"},
    "pluto.cli": {"pluto", "pluto.core", "pluto.protocol"},
    "mlop": {"pluto", "pluto.cli"},
    "pluto_migration": {"pluto", "pluto.core", "pluto.protocol", "pluto.compat"},
}
# The places that may step over the line, each with what it names there, inside a function.
EXCEPTIONS: dict[str, set[str]] = {
    "pluto.core.init": {"pluto"},
    "pluto.compat.wandb.cli.cli": {"pluto.cli"},
    **{
        f"pluto.cli.wandb{name}": {"pluto.compat"}
        for name in ("", ".artifact", ".place", ".pull", ".sweep", ".workspace")
    },
    "pluto.core.transport": {"pluto.server"},
    "pluto.cli.server": {"pluto.server"},
    "pluto.cli.neptune": {"pluto.compat"},
    "pluto.cli.migrate": {"pluto_migration"},
    "pluto.cli.sources": {"pluto_migration"},
    "pluto.cli.verify": {"pluto_migration"},
}
# Third-party modules a layer must not need at import time (all lazily or not at all).
NEVER_AT_IMPORT = {"httpx", "pandas", "PIL", "numpy", "torch", "matplotlib", "sqlalchemy", "starlette", "uvicorn"}
LIGHT = ("pluto", "pluto.protocol", "pluto.protocol.records", "pluto.protocol.batch", "pluto.core", "mlop")


def modules() -> list[tuple[str, Path]]:
    found = []
    for folder, package in ((ROOT, "pluto"), (ROOT, "mlop"), (ROOT / "migration", "pluto_migration")):
        for path in sorted((folder / package).rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


MODULES = modules()
KNOWN = {name for name, _ in MODULES}


def layer(module: str) -> str:
    if module == "pluto.__main__":
        return "pluto.cli"
    for name in (
        "pluto.protocol",
        "pluto.core",
        "pluto.server",
        "pluto.compat",
        "pluto.cli",
        "mlop",
        "pluto_migration",
    ):
        if module == name or module.startswith(name + "."):
            return name
    return "pluto"


@cache
def imports(module: str, path: Path) -> list[tuple[str, bool]]:
    """Modules of Pluto that are imported, and whether at import time. `if TYPE_CHECKING` does not count."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]

    def visit(node: ast.AST, top: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                for other in child.orelse:
                    yield from visit(other, top)
            elif isinstance(child, ast.Import):
                for alias in child.names:
                    yield alias.name, top
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    base = ".".join(
                        [
                            *package.split(".")[: len(package.split(".")) - child.level + 1],
                            *filter(None, [child.module]),
                        ]
                    )
                for alias in child.names:
                    whole = f"{base}.{alias.name}"
                    yield (whole if whole in KNOWN else base), top
            else:
                yield from visit(
                    child, top and not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                )

    return list(visit(ast.parse(path.read_text()), True))


def test_there_is_something_to_hold() -> None:
    assert {"pluto.core", "pluto.server", "pluto.protocol", "pluto.cli", "pluto"} <= {
        layer(name) for name, _ in MODULES
    }


@pytest.mark.parametrize(("module", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_a_module_imports_only_what_its_layer_may(module: str, path: Path) -> None:
    own = layer(module)
    wrong = []
    for target, at_import in imports(module, path):
        if target.split(".")[0] not in OURS:
            continue
        other = layer(target)
        if other == own or other in MAY[own]:
            continue
        if other in EXCEPTIONS.get(module, set()) and not at_import:
            continue
        wrong.append(f"{target}{' (at import)' if at_import else ''}")
    assert wrong == []


@pytest.mark.parametrize(
    ("module", "path"),
    [(m, p) for m, p in MODULES if m in LIGHT],
    ids=lambda v: str(v) if isinstance(v, str) else "",
)
def test_the_front_door_needs_no_heavy_library_at_import(module: str, path: Path) -> None:
    heavy = {
        target for target, at_import in imports(module, path) if at_import and target.split(".")[0] in NEVER_AT_IMPORT
    }
    assert heavy == set()


def test_the_protocol_needs_next_to_nothing() -> None:
    for module, path in MODULES:
        if layer(module) == "pluto.protocol":
            foreign = (
                {target.split(".")[0] for target, _ in imports(module, path)} - set(sys.stdlib_module_names) - {"pluto"}
            )
            assert foreign <= {"msgspec", "sqids"}, module


def test_the_documented_table_is_the_one_held_here() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    rows = dict(re.findall(r"^\| (`pluto\.\w+`) \| (.+?) \|", text, re.MULTILINE))
    assert rows["`pluto.protocol`"] == "msgspec, sqids"
    for name in ("`pluto.core`", "`pluto.server`"):
        assert set(re.findall(r"`(pluto\.\w+)`", rows[name])) == MAY[name.strip("`")]


@pytest.mark.parametrize(("module", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_no_module_grows_past_500_lines(module: str, path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 500


# What is imported by another name than the distribution's.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "pynvml": "nvidia-ml-py",
    "torch": "",
    "matplotlib": "",
    "IPython": "",
    "bokeh": "",
    "boto3": "",
    "botocore": "",
    "packaging": "",
    "plotly": "",
    "sklearn": "",
    "tqdm": "",
    "yaml": "pyyaml",
}  # "": only if the user has it


def test_every_library_imported_is_declared() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    declared = {name.lower() for name in re.findall(r'"([A-Za-z0-9_-]+)(?:\[\w+\])?[><=]=', project)}
    undeclared = set()
    for module, path in MODULES:
        for target, _ in imports(module, path):
            name = target.split(".")[0]
            distribution = DISTRIBUTIONS.get(name, name)
            if name not in sys.stdlib_module_names and name not in (*OURS, "__future__") and distribution:
                if distribution.lower() not in declared:
                    undeclared.add(f"{name} ({module})")
    assert undeclared == set()

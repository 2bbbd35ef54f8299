"""The machine and the code behind a run: `wandb-metadata.json`, or the records that newer writers have in its place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pluto.core import protobuf
from pluto.core.source import without_credentials
from pluto_migration.sources.wandb_local.facts import git, iso, moment


def environment(record: bytes) -> dict[str, Any]:
    """What `wandb-metadata.json` has of it. Raises `protobuf.DamagedError`."""
    found: dict[str, Any] = {}
    for number, kind, value in protobuf.fields(record):
        if kind == protobuf.LENGTH:
            if number in _ENVIRONMENT:
                found[_ENVIRONMENT[number]] = protobuf.text(value)
            elif number == 3:
                found["startedAt"] = iso(moment(value))
            elif number == 5:
                found.setdefault("args", []).append(protobuf.text(value))
            elif number == 9:
                found["git"] = git(value)
            elif number == 20:
                found.setdefault("disk", {}).update(_disk(value))
            elif number in (21, 22, 23):
                found[{21: "memory", 22: "cpu", 23: "apple"}[number]] = _parts(value, _PARTS[number])
            elif number == 24:
                found.setdefault("gpu_nvidia", []).append(_parts(value, _PARTS[number]))
        elif kind == protobuf.VARINT and number in _COUNTS:
            found[_COUNTS[number]] = value
    return found


_ENVIRONMENT: Final = {
    1: "os", 2: "python", 4: "docker", 6: "program", 7: "codePath", 8: "codePathLocal", 10: "email", 11: "root",
    12: "host", 13: "username", 14: "executable", 15: "colab", 18: "gpu", 25: "cudaVersion", 199: "writerId",
}  # fmt: skip
_COUNTS: Final = {16: "cpu_count", 17: "cpu_count_logical", 19: "gpu_count"}
_PARTS: Final = {
    21: {1: "total"},
    22: {1: "count", 2: "countLogical", 3: "model"},
    23: {1: "name", 2: "ecpuCores", 3: "pcpuCores", 4: "gpuCores", 5: "memoryGb", 6: "swapTotalBytes",
         7: "ramTotalBytes", 8: "macModel"},
    24: {1: "name", 2: "memoryTotal", 3: "cudaCores", 4: "architecture", 5: "uuid", 6: "pciBusId", 7: "numaNode"},
}  # fmt: skip


def read(content: bytes) -> dict[str, Any]:
    """What a `wandb-metadata.json` has; nothing where it is none."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def metadata(said: Mapping[str, Any], requirements: Sequence[str] = ()) -> dict[str, Any]:
    """The facts about machine and code under the engine's names, from what `wandb-metadata.json` has."""
    facts: dict[str, Any] = {}
    python = said.get("python")
    info: dict[str, Any] = {"hostname": said.get("host"), "platform": said.get("os")}
    if isinstance(python, str):
        implementation, _, version = python.rpartition(" ")
        _put(
            info, "python", {"version": version, "executable": said.get("executable"), "implementation": implementation}
        )
    _put(facts, "os_info", info)
    args = said.get("args")
    program = said.get("program")
    _put(
        facts,
        "source",
        {
            "entry": program,
            "cwd": said.get("root"),
            "argv": [program, *args] if program and isinstance(args, list) else None,
        },
    )
    repository = said.get("git")
    if isinstance(repository, Mapping):
        remote = repository.get("remote")
        url = without_credentials(remote) if isinstance(remote, str) else None
        _put(facts, "git", {"url": url, "commit": repository.get("commit")})
    _put(facts, "cpu", {"physical": said.get("cpu_count"), "virtual": said.get("cpu_count_logical")})
    memory = said.get("memory")
    if isinstance(memory, Mapping):
        total = memory.get("total")
        whole = int(total) if isinstance(total, (int, str)) and str(total).isdigit() else None
        _put(facts, "memory", {"virt": whole})
    cards = said.get("gpu_nvidia")
    if isinstance(cards, list):
        names = [{"name": card.get("name")} for card in cards if isinstance(card, Mapping)]
        _put(facts, "gpu", {"nvidia": {"count": len(names), "devices": names}} if names else {})
    if requirements:
        facts["requirements"] = list(requirements)
    return facts


def _disk(entry: bytes) -> dict[str, Any]:
    key, sizes = "", {}
    for number, kind, value in protobuf.fields(entry):
        if kind == protobuf.LENGTH and number == 1:
            key = protobuf.text(value)
        elif kind == protobuf.LENGTH and number == 2:
            sizes = _parts(value, {1: "total", 2: "used"})
    return {key: {name: str(size) for name, size in sizes.items()}}


def _parts(record: bytes, names: Mapping[int, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, kind, value in protobuf.fields(record):
        if number in names:
            if kind == protobuf.LENGTH:
                found[names[number]] = protobuf.text(value)
            elif kind == protobuf.VARINT:
                found[names[number]] = str(value) if "otal" in names[number] else value
    return found


def _put(facts: dict[str, Any], name: str, values: Mapping[str, Any]) -> None:
    known = {key: value for key, value in values.items() if value not in (None, "", [], {})}
    if known:
        facts[name] = known

"""Ids of models and their versions."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pluto.compat.neptune.exceptions import ModelNotFound, NeptuneObjectCreationConflict
from pluto.compat.neptune.internal.backends.backend import Backend
from pluto.compat.neptune.internal.backends.opening import Opening, open_backend
from pluto.compat.neptune.types.mode import Mode

__all__ = ["model_id", "open_new_version"]

_in_memory: Final[Counter[str]] = Counter()


def model_id(mode: Mode, project: str | None, key: str, proxies: Mapping[str, str] | None) -> str:
    """The id of a model of this key: the project's key and it."""
    if mode is Mode.DEBUG:
        from pluto.compat.neptune.internal.backends.memory import KEY

        return f"{KEY}-{key}"
    from pluto.compat.neptune.internal.backends.places import Place

    with Place(project, proxies) as place:
        return f"{place.key()}-{key}"


def open_new_version(opening: Opening) -> Backend:
    """The next version of a model: its id and a number, from 1 on. Raises `ModelNotFound`."""
    model = str(opening.model)
    if opening.mode is Mode.DEBUG:
        _in_memory[model] += 1
        return open_backend(replace(opening, external_id=f"{model}-{_in_memory[model]}"))
    from pluto.compat.neptune.internal.backends.places import Place

    with Place(opening.project, opening.proxies) as place:
        if place.find_model(model) is None:
            raise ModelNotFound(f"{place.project}/{model}")
        taken = place.version_numbers(model)
    for number in itertools.count(max(taken, default=0) + 1):
        try:
            return open_backend(replace(opening, external_id=f"{model}-{number}", exists=False))
        except NeptuneObjectCreationConflict:
            continue  # somebody else was quicker
    raise AssertionError

"""What runs, projects, models and model versions have in common."""

from __future__ import annotations

import atexit
import itertools
import os
import threading
import time
from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

from pluto.compat.neptune.attributes.attribute import Attribute
from pluto.compat.neptune.attributes.namespace import Namespace, NamespaceBuilder
from pluto.compat.neptune.attributes.utils import create_attribute_from_type
from pluto.compat.neptune.common.exceptions import UNIX_STYLES
from pluto.compat.neptune.common.warnings import warn_about_unsupported_type
from pluto.compat.neptune.exceptions import MetadataInconsistency, NeptunePossibleLegacyUsageException
from pluto.compat.neptune.handler import Handler
from pluto.compat.neptune.internal.backends.api_model import AttributeType
from pluto.compat.neptune.internal.container_structure import ContainerStructure
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.init.parameters import (
    ASYNC_LAG_THRESHOLD,
    ASYNC_NO_PROGRESS_THRESHOLD,
    DEFAULT_FLUSH_PERIOD,
)
from pluto.compat.neptune.internal.lag import LagWatch, lag_callback, no_progress_callback
from pluto.compat.neptune.internal.state import ContainerState
from pluto.compat.neptune.internal.uncaught_exceptions import uncaught
from pluto.compat.neptune.internal.utils import verify_optional_callable, verify_type
from pluto.compat.neptune.internal.utils.logger import get_disabled_logger, get_logger
from pluto.compat.neptune.internal.utils.paths import parse_path, parts
from pluto.compat.neptune.internal.value_to_attribute_visitor import ValueToAttributeVisitor
from pluto.compat.neptune.metadata_containers.abstract import NeptuneObject, NeptuneObjectCallback
from pluto.compat.neptune.types.mode import Mode
from pluto.compat.neptune.types.type_casting import cast_value
from pluto.core import fork

if TYPE_CHECKING:
    from typing_extensions import Self

    from pluto.compat.attributes.kinds import AttributeKind
    from pluto.compat.neptune.attributes.series import FloatSeries
    from pluto.compat.neptune.internal.backends.backend import Backend

__all__ = ["MetadataContainer"]

Method = TypeVar("Method", bound=Callable[..., Any])

_EXIT_S: Final = 5.0
"""What all objects together may take of the end of the process."""
_FORK_S: Final = 5.0
"""How long a fork waits for what another thread is doing with an object."""


def _while_open(method: Method) -> Method:
    """The method, but of an object that is not stopped."""

    @wraps(method)
    def guarded(self: MetadataContainer, *args: Any, **kwargs: Any) -> Any:
        if self._state is ContainerState.STOPPED:
            self._raise_if_stopped()
        return method(self, *args, **kwargs)

    return cast(Method, guarded)


class MetadataContainer(AbstractContextManager["MetadataContainer"], NeptuneObject):
    """An object with fields: `obj["path"]` gives a `Handler`, assigning sets a field.

    Safe from several threads, and in forked children. As a context manager it stops with the block.
    """

    container_type: ContainerType
    LEGACY_METHODS: ClassVar[tuple[str, ...]] = ()
    """Names of the API before 1.0."""

    def __init__(
        self,
        *,
        project: str | None = None,
        api_token: str | None = None,
        mode: Mode = Mode.ASYNC,
        flush_period: float = DEFAULT_FLUSH_PERIOD,
        proxies: dict[str, str] | None = None,
        async_lag_callback: NeptuneObjectCallback | None = None,
        async_lag_threshold: float = ASYNC_LAG_THRESHOLD,
        async_no_progress_callback: NeptuneObjectCallback | None = None,
        async_no_progress_threshold: float = ASYNC_NO_PROGRESS_THRESHOLD,
    ) -> None:
        verify_type("project", project, (str, type(None)))
        verify_type("api_token", api_token, (str, type(None)))
        verify_type("mode", mode, Mode)
        verify_type("flush_period", flush_period, (int, float))
        verify_type("proxies", proxies, (dict, type(None)))
        verify_type("async_lag_threshold", async_lag_threshold, (int, float))
        verify_optional_callable("async_lag_callback", async_lag_callback)
        verify_type("async_no_progress_threshold", async_no_progress_threshold, (int, float))
        verify_optional_callable("async_no_progress_callback", async_no_progress_callback)
        self._mode = mode
        self._state = ContainerState.CREATED
        self._lock: Any = threading.RLock()
        self._logger = get_logger()
        self._float_series: dict[str, FloatSeries] = {}
        """Series of numbers by the paths, as written, under which they were appended to."""
        self._structure = ContainerStructure(NamespaceBuilder(self))
        self._backend: Backend = self._open(project, proxies)
        self._watch: LagWatch | None = None
        if mode is Mode.ASYNC:
            self._watch = LagWatch(
                self,
                self._backend.progress,
                (lag_callback(async_lag_callback), async_lag_threshold),
                (no_progress_callback(async_no_progress_callback), async_no_progress_threshold),
            )
        self._define_all(self._backend.known_definitions())
        if mode is not Mode.READ_ONLY:
            with self._lock, self._backend.together():
                self._write_initial_attributes()
        if mode is not Mode.DEBUG:
            self._logger.info("Neptune initialized. Open in the app: %s", self.get_url())
        self.start()

    @abstractmethod
    def _open(self, project: str | None, proxies: dict[str, str] | None) -> Backend:
        """What keeps its fields."""

    @abstractmethod
    def _raise_if_stopped(self) -> None:
        """Raises the exception of its kind, if it is stopped."""

    def _write_initial_attributes(self) -> None:
        """Sets what its parameters ask for."""

    @property
    def _id(self) -> str:
        return self._backend.unique_id

    @property
    def _sys_id(self) -> str:
        return self._backend.sys_id

    @property
    def _op_processor(self) -> Backend:
        return self._backend

    # fields

    def __getitem__(self, path: str) -> Handler:
        if self._state is ContainerState.STOPPED:
            self._raise_if_stopped()
        return Handler(self, path)

    @_while_open
    def __setitem__(self, key: str, value: Any) -> None:
        Handler(self, key).assign(value)

    @_while_open
    def __delitem__(self, path: str) -> None:
        Handler(self, "").pop(path)

    def __getattr__(self, item: str) -> Any:
        if item in type(self).LEGACY_METHODS:
            raise NeptunePossibleLegacyUsageException
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {item!r}")

    @_while_open
    def assign(self, value: Any, *, wait: bool = False) -> None:
        """Sets the fields that a dict names."""
        Handler(self, "").assign(value, wait=wait)

    @_while_open
    def fetch(self) -> dict[str, Any]:
        """The values of all fields of simple types, as nested dicts."""
        found: dict[str, Any] = Handler(self, "").fetch()
        return found

    @_while_open
    def pop(self, path: str, *, wait: bool = False) -> None:
        """Removes a field, or all fields below a path. Raises `MetadataInconsistency` where there is nothing."""
        verify_type("path", path, str)
        Handler(self, "").pop(path, wait=wait)

    def define(self, path: str, value: Any, *, wait: bool = False) -> Attribute | None:
        """The new field at a path, with a value; None for one that is not kept. Raises `MetadataInconsistency`."""
        with self._lock:
            if self.get_attribute(path) is not None:
                raise MetadataInconsistency(f'"{path}" is defined already')
            cast = cast_value(value)
            if cast is None:
                warn_about_unsupported_type(str(type(value)))
                return None
            field = ValueToAttributeVisitor(self, parse_path(path)).visit(cast)
            self.set_attribute(path, field)
            field.process_assignment(cast, wait=wait)
            return field

    def get_attribute(self, path: str) -> Any:
        """The field or namespace at a path; None where there is none."""
        with self._lock:
            return self._structure.get(parts(path if type(path) is str else str(path)))

    def set_attribute(self, path: str, attribute: Attribute) -> None:
        """Puts a field to a path."""
        with self._lock:
            self._structure.set(parse_path(path), attribute)

    def exists(self, path: str) -> bool:
        """Whether there is a field or namespace at a path, as far as this object knows (`sync` looks again)."""
        verify_type("path", path, str)
        return self.get_attribute(path) is not None

    def get_structure(self) -> dict[str, Any]:
        """The fields, as nested dicts by the parts of their paths."""
        with self._lock:
            return self._structure.get_structure().to_dict()

    def print_structure(self) -> None:
        """Prints the tree of fields with their types, sorted."""
        _print_tree(self.get_structure(), 0)

    def get_root_object(self) -> Self:
        """This object."""
        return self

    def lock(self) -> Any:
        """The lock under which fields are written; it may be taken again by who has it."""
        return self._lock

    # the store

    def wait(self, *, disk_only: bool = False) -> None:
        """Waits until everything logged so far is in the store. It is on disk already: `disk_only` returns at once."""
        if not disk_only:
            self._backend.wait()

    def sync(self, *, wait: bool = True) -> None:
        """Waits as `wait` does, and looks in the store which fields there are: others may have made some."""
        if wait:
            self.wait()
        found = self._backend.definitions()
        with self._lock:
            self._structure.clear()
            self._float_series.clear()
            self._define_all(found)

    def ping(self) -> None:
        """Tells the store that the object is in use."""
        self._backend.ping()

    @abstractmethod
    def get_url(self) -> str:
        """Where to look at it."""

    # its life

    def start(self) -> None:
        """Begins; making the object has done it."""
        if self._state is ContainerState.CREATED:
            self._state = ContainerState.STARTED
            _open_objects.add(self)

    def get_state(self) -> str:
        """`created`, `started`, `stopping` or `stopped`."""
        return self._state.value

    def stop(self, *, seconds: float | None = None) -> None:
        """Ends writing and waits for delivery: at most `seconds`; None: as long as it gets on.

        What is not delivered by then stays on disk, and is delivered by another process. Harmless when repeated.
        """
        verify_type("seconds", seconds, (float, int, type(None)))
        with self._lock:
            if self._state is not ContainerState.STARTED:
                return
            self._state = ContainerState.STOPPING
        began = time.monotonic()
        self._logger.info("Shutting down background jobs, please wait a moment...")
        self._stop_watching()
        self._logger.info("Done!")
        try:
            self._backend.stop(None if seconds is None else max(0.0, seconds - (time.monotonic() - began)))
            if self._mode not in (Mode.OFFLINE, Mode.DEBUG):
                self._logger.info("Explore the metadata in the Neptune app: %s/metadata", self.get_url().rstrip("/"))
        finally:
            self._state = ContainerState.STOPPED
            _open_objects.discard(self)

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        if exc_tb is not None:
            import traceback

            traceback.print_exception(exc_type, exc_val, exc_tb)
            uncaught.tell(exc_val, exc_tb)
        self.stop()

    def forked(self) -> None:
        """In a forked child: the object stays usable, and silent."""
        self._lock = threading.RLock()
        self._logger = get_disabled_logger()
        self._backend.forked()

    # within

    def _stopped(self) -> bool:
        return self._state in (ContainerState.STOPPING, ContainerState.STOPPED)

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.stop()
        self._backend.stop_watching()

    def _pop_all(self, paths: list[list[str]], *, wait: bool) -> None:
        for path in paths:
            self._structure.pop(path)
        self._float_series.clear()
        names = ["/".join(path) for path in paths]
        self._backend.perform(lambda fields: fields.delete(names), wait=wait)

    def _define_all(self, definitions: Any) -> None:
        for path, kind in definitions.items():
            self._define_of(path, kind)

    def _define_of(self, path: str, kind: AttributeKind) -> None:
        type_ = AttributeType.of(kind)
        if type_ is not None:
            where = parse_path(path)
            self._structure.set(where, create_attribute_from_type(type_, self, where))

    def _write_given(self, path: str, kind: AttributeKind, value: Any) -> None:
        """Sets a field whose type the API can't set."""
        with self._lock:
            self._define_of(path, kind)
            self._backend.perform(lambda fields: fields.assign(path, value))

    def _get_subpath_suggestions(self, path_prefix: str | None = None, limit: int = 1000) -> list[str]:
        with self._lock:
            return list(itertools.islice(self._structure.iterate_subpaths(parse_path(path_prefix or "")), limit))

    def _ipython_key_completions_(self) -> list[str]:
        return self._get_subpath_suggestions()


def _print_tree(tree: dict[str, Any], depth: int) -> None:
    for key in sorted(tree):
        below = tree[key]
        kind = "" if isinstance(below, (dict, Namespace)) else f" {type(below).__name__}"
        print(f"{'    ' * depth}{UNIX_STYLES['blue']}'{key}'{UNIX_STYLES['end']}:{kind}")  # noqa: T201  its purpose
        if not kind:
            _print_tree(below, depth + 1)


class _OpenObjects:
    """The objects of this process that are not stopped."""

    def __init__(self) -> None:
        self._objects: set[MetadataContainer] = set()
        self._held: list[Any] = []
        self._registered = False

    def add(self, container: MetadataContainer) -> None:
        self._objects.add(container)
        fork.tell(container)
        if not self._registered:
            self._registered = True
            # After the engine's own, so that it runs before that.
            atexit.register(self._at_exit)
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(before=self._before_fork, after_in_parent=self._release)
                fork.tell(self)

    def discard(self, container: MetadataContainer) -> None:
        self._objects.discard(container)

    def forked(self) -> None:
        self._held = []

    def _at_exit(self) -> None:
        ends = time.monotonic() + _EXIT_S
        for container in list(self._objects):
            container.stop(seconds=max(0.0, ends - time.monotonic()))

    def _before_fork(self) -> None:
        """Lets other threads finish what they do with an object: a child must not inherit half of it."""
        ends = time.monotonic() + _FORK_S
        for container in list(self._objects):
            lock = container.lock()
            if lock.acquire(timeout=max(0.0, ends - time.monotonic())):
                self._held.append(lock)

    def _release(self) -> None:
        while self._held:
            self._held.pop().release()


_open_objects: Final = _OpenObjects()

"""Jobs and queues of Launch, which there is in W&B's cloud only. Each call raises `UnsupportedError`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pluto.compat.wandb.apis.public.cloud import LAUNCH, refuse

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.api import Api

LAUNCH_DEFAULT_PROJECT = "model-registry"
RunQueueResourceType = Literal[
    "local-container", "local-process", "kubernetes", "sagemaker", "gcp-vertex"
]  # fmt: skip
RunQueueAccessType = Literal["project", "user"]
RunQueuePrioritizationMode = Literal["DISABLED", "V0"]


class Job:
    """A job."""

    def __init__(self, api: Api, name: str, path: str | None = None, *, service_api: Any = None) -> None:
        refuse(LAUNCH)

    @property
    def name(self) -> str:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    def set_entrypoint(self, entrypoint: list[str]) -> None:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    def call(
        self,
        config: dict[str, Any],
        project: str | None = None,
        entity: str | None = None,
        queue: str | None = None,
        resource: str = "local-container",
        resource_args: dict[str, Any] | None = None,
        template_variables: dict[str, Any] | None = None,
        project_queue: str | None = None,
        priority: int | None = None,
    ) -> Any:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)


class QueuedRun:
    """A run in a queue."""

    def __init__(
        self,
        service_api: Any,
        entity: str,
        project: str,
        queue_name: str,
        run_queue_item_id: str,
        project_queue: str = LAUNCH_DEFAULT_PROJECT,
        priority: int | None = None,
        api_key: str | None = None,
    ) -> None:
        refuse(LAUNCH)

    @property
    def queue_name(self) -> str:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def id(self) -> str:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def project(self) -> str:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def entity(self) -> str:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def state(self) -> str:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    def wait_until_finished(self) -> Any:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    def wait_until_running(self) -> Any:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    def delete(self, delete_artifacts: bool = False) -> None:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)


class RunQueue:
    """A queue of runs."""

    def __init__(
        self,
        service_api: Any,
        name: str,
        entity: str,
        prioritization_mode: RunQueuePrioritizationMode | None = None,
        _access: RunQueueAccessType | None = None,
        _default_resource_config_id: int | None = None,
        _default_resource_config: dict[str, Any] | None = None,
        api_key: str | None = None,
    ) -> None:
        refuse(LAUNCH)

    @property
    def name(self) -> str:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def entity(self) -> str:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def prioritization_mode(self) -> RunQueuePrioritizationMode:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def access(self) -> RunQueueAccessType:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def external_links(self) -> dict[str, str]:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def type(self) -> RunQueueResourceType:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def default_resource_config(self) -> dict[str, Any]:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def template_variables(self) -> dict[str, Any]:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def id(self) -> str:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @property
    def items(self) -> list[QueuedRun]:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    def delete(self) -> None:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    @classmethod
    def create(
        cls,
        name: str,
        resource: RunQueueResourceType,
        entity: str | None = None,
        prioritization_mode: RunQueuePrioritizationMode | None = None,
        config: dict[str, Any] | None = None,
        template_variables: dict[str, Any] | None = None,
    ) -> RunQueue:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

"""`wandb.Api`, and what it gives."""

from __future__ import annotations

from typing import Any

from pluto.compat.wandb._lazy import attributes as _attributes

_HOMES = {
    "api": ("Api",),
    "artifacts": (
        "ArtifactCollection", "ArtifactCollections", "ArtifactFiles", "ArtifactType", "ArtifactTypes", "Artifacts",
        "ProjectArtifactCollections", "RunArtifacts",
    ),
    "automations": ("Automations",),
    "console_logs": ("ConsoleLogLine", "ConsoleLogs"),
    "files": ("FILE_FRAGMENT", "File", "Files"),
    "history": ("HistoryScan",),
    "integrations": ("Integrations", "SlackIntegrations", "WebhookIntegrations"),
    "jobs": (
        "Job", "QueuedRun", "RunQueue", "RunQueueAccessType", "RunQueuePrioritizationMode", "RunQueueResourceType",
    ),
    "organizations": ("Organization",),
    "projects": ("Project", "Projects"),
    "query_generator": ("QueryGenerator",),
    "registries.registries_search": ("Registries",),
    "registries.registry": ("Registry",),
    "reports": ("BetaReport", "PanelMetricsHelper", "PythonMongoishQueryGenerator", "Reports"),
    "runhistory.downloads": ("DownloadHistoryResult", "IncompleteRunHistoryError"),
    "runs": ("AgentRuns", "RUN_FRAGMENT", "Run", "RunNotFoundError", "Runs"),
    "sweeps": ("Sweep", "Sweeps"),
    "teams": ("Member", "Team"),
    "users": ("User",),
}  # fmt: skip

__all__ = tuple(sorted(name for names in _HOMES.values() for name in names if not name.endswith("_FRAGMENT")))


def __getattr__(name: str) -> Any:
    return _attributes(__name__, globals(), _HOMES, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

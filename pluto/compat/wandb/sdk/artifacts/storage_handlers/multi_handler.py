"""Which handler an address belongs to."""

from __future__ import annotations

import importlib
from functools import lru_cache
from urllib.parse import urlparse

from pluto.compat.wandb.sdk.artifacts.storage_handler import StorageHandler

_HERE = "pluto.compat.wandb.sdk.artifacts.storage_handlers"
_KINDS = {
    "file": "local_file_handler.LocalFileHandler",
    "http": "http_handler.HTTPHandler",
    "https": "http_handler.HTTPHandler",
    "s3": "s3_handler.S3Handler",
    "gs": "gcs_handler.GCSHandler",
    "wandb-artifact": "wb_artifact_handler.WBArtifactHandler",
    "wandb-client-artifact": "wb_local_artifact_handler.WBLocalArtifactHandler",
}
_AZURE = ".blob.core.windows.net"


@lru_cache(maxsize=32)
def _handler(kind: str, scheme: str | None) -> StorageHandler:
    module, _, name = kind.partition(".")
    made: StorageHandler = getattr(importlib.import_module(f"{_HERE}.{module}"), name)(*filter(None, [scheme]))
    return made


def handler_for(url: str) -> StorageHandler:
    """The handler of an address; one of an unknown scheme is only noted down."""
    parsed = urlparse(url)
    if parsed.scheme == "https" and parsed.netloc.endswith(_AZURE):
        return _handler("azure_handler.AzureHandler", None)
    kind = _KINDS.get(parsed.scheme, "tracking_handler.TrackingHandler")
    return _handler(kind, parsed.scheme if kind.startswith("http_") else None)

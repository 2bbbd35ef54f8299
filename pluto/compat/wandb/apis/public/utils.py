"""Paths of registries, and addresses in S3."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any
from urllib.parse import urlparse

from pluto.compat.wandb.apis.reading.places import REGISTRY


class PathType(Enum):
    """What a path names."""

    PROJECT = "PROJECT"
    ARTIFACT = "ARTIFACT"


def parse_s3_url_to_s3_uri(url: str) -> str:
    """`s3://bucket/key` of an address in S3. Raises `ValueError` for any other address."""
    parsed = urlparse(url)
    if not re.match(r"https?://.*s3.*amazonaws\.com", url):
        raise ValueError("Invalid S3 URL")
    return f"s3://{parsed.netloc.split('.')[0]}/{parsed.path.lstrip('/')}"


def parse_org_from_registry_path(path: str, path_type: PathType) -> str:
    """The organization in a registry's path, or an empty text."""
    parts = path.split("/")
    if len(parts) >= (3 if path_type is PathType.ARTIFACT else 2) and parts[1].startswith(REGISTRY):
        return parts[0]
    return ""


def fetch_org_from_settings_or_entity(
    service_api: Any,  # noqa: ARG001
    settings: dict[str, Any],
    default_entity: str | None = None,
) -> str:
    """The organization: of the settings, else the entity's; a Pluto server is one organization, whatever its name."""
    return str(settings.get("organization") or settings.get("entity") or default_entity or "local")

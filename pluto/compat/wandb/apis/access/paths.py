"""Which run, project or artifact a path names."""

from __future__ import annotations

from typing import Any


class Paths:
    """Paths, with what the settings say of entity and project where a path does not."""

    settings: dict[str, Any]

    @property
    def default_entity(self) -> str | None:
        """Whose projects are meant where nobody is named."""
        raise NotImplementedError

    def _parse_project_path(self, path: str | None) -> tuple[str, str]:
        """Entity and project of `[entity/]project`."""
        entity = self.default_entity or ""
        if path is None:
            return entity, self.settings["project"] or "uncategorized"
        first, slash, rest = path.strip(" ").partition("/")
        return (first, rest) if slash else (entity, first)

    def _parse_path(self, path: str) -> tuple[str, str, str]:
        """Entity, project and id of `[[entity/]project/]id`, as in addresses, too, or with `:` before the id.

        Raises `ValueError` where the project or the id is missing.
        """
        entity: str = self.default_entity or ""
        project: str | None = self.settings["project"]
        id: str | None = self.settings.get("run") if not path.strip("/ ") else None
        parts = path.replace("/runs/", "/").replace("/sweeps/", "/").strip("/ ").split("/")
        if len(parts) == 4 and parts[2] == "runs":
            del parts[2]
        head, colon, tail = parts[-1].partition(":")
        if len(parts) < 3 and colon:
            parts[-1:] = [head, tail]
        if len(parts) == 3:
            entity, project, id = parts
        elif len(parts) == 2:
            project, id = parts
        elif len(parts) == 1 and parts[0]:
            id = parts[0]
        entity, project, id = entity.strip(), (project or "").strip(), (id or "").strip()
        if not project:
            raise ValueError(f"Invalid path: {path!r} (missing project)")
        if not id:
            raise ValueError(f"Invalid path: {path!r}")
        return entity, project, id

    def _parse_artifact_path(self, path: str) -> tuple[str, str, str]:
        """Entity, project and name of an artifact, with its alias if one is given. Raises `ValueError`."""
        from pluto.compat.wandb.apis.reading.places import REGISTRY
        from pluto.compat.wandb.sdk.artifacts._validators import ArtifactPath

        parsed = ArtifactPath.from_str(path).with_defaults(
            prefix=self.default_entity or None, project=self.settings["project"] or "uncategorized"
        )
        project = str(parsed.project)
        return "" if project.startswith(REGISTRY) else parsed.prefix or "", project, parsed.name

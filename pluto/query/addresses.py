"""Addresses of the pages that show projects and runs."""

from __future__ import annotations

from urllib.parse import quote

from pluto.core.settings import Remote
from pluto.protocol.sqid import encode_sqid
from pluto.query.runs import Runs


class Addresses(Runs):
    """Where to look at things in a browser."""

    _slug: str | None = None

    def project_url(self, project: str) -> str | None:
        """The address of a project's page; None in the local store, which has no pages."""
        target = self._connection.target
        if not isinstance(target, Remote):
            return None
        if self._slug is None:
            self._slug = self._connection.again("slug", self._connection.calls.login)
        return f"{target.app.rstrip('/')}/o/{self._slug}/projects/{quote(project, safe='')}"

    def run_url(self, project: str, run: int) -> str | None:
        """The address of the page of a run, given by number; None in the local store."""
        found = self.project_url(project)
        return None if found is None else f"{found}/{encode_sqid(run)}"

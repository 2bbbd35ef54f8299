"""Addresses of the pages that show projects and runs."""

from __future__ import annotations

import string
from urllib.parse import quote

from pluto.core.settings import Remote
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
        if found is None:
            return None
        from sqids import Sqids

        # The alphabet is that of the servers, whose pages have these short ids in their addresses.
        short = Sqids(alphabet=string.ascii_lowercase + string.ascii_uppercase + string.digits, min_length=5)
        return f"{found}/{short.encode([run])}"

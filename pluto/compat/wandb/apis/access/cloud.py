"""What an Api has of W&B's cloud only: each call raises `UnsupportedError` that names what there is instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from pluto.compat.wandb.apis.public.cloud import AUTOMATIONS, INTEGRATIONS, LAUNCH, REPORTS, refuse

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.teams import Team
    from pluto.compat.wandb.apis.public.users import User

_CHARTS = "Chart presets are of W&B's cloud: log a chart with wandb.plot, or a plotly or matplotlib figure"


class CloudAccess:
    """Teams, reports, queues, automations, integrations."""

    _service_api: Any

    def create_user(self, email: str, admin: bool | None = False) -> User:
        """Raises `UnsupportedError`."""
        from pluto.compat.wandb.apis.public.users import User

        return User.create(self, email, admin)  # type: ignore[arg-type]

    def create_team(self, team: str, admin_username: str | None = None) -> Team:
        """Raises `UnsupportedError`."""
        from pluto.compat.wandb.apis.public.teams import Team

        return Team.create(self, team, admin_username)  # type: ignore[arg-type]

    def team(self, team: str) -> Team:
        """Raises `UnsupportedError`."""
        from pluto.compat.wandb.apis.public.teams import Team

        return Team(self._service_api, team)

    def reports(self, path: str = "", name: str | None = None, per_page: int = 50) -> NoReturn:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    def create_custom_chart(
        self, entity: str, name: str, display_name: str, spec_type: str, access: str, spec: Any
    ) -> str:
        """Raises `UnsupportedError`."""
        refuse(_CHARTS)

    def create_run_queue(
        self,
        name: str,
        type: Any,
        entity: str | None = None,
        prioritization_mode: Any = None,
        config: dict[str, Any] | None = None,
        template_variables: dict[str, Any] | None = None,
    ) -> Any:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    def upsert_run_queue(
        self,
        name: str,
        resource_config: dict[str, Any],
        resource_type: Any,
        entity: str | None = None,
        template_variables: dict[str, Any] | None = None,
        external_links: dict[str, str] | None = None,
        prioritization_mode: Any = None,
    ) -> Any:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    def queued_run(
        self,
        entity: str,
        project: str,
        queue_name: str,
        run_queue_item_id: str,
        project_queue: str | None = None,
        priority: int | None = None,
    ) -> Any:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    def run_queue(self, entity: str, name: str) -> Any:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    def job(self, name: str | None, path: str | None = None) -> Any:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    def list_jobs(self, entity: str, project: str) -> list[dict[str, Any]]:
        """Raises `UnsupportedError`."""
        refuse(LAUNCH)

    def integrations(self, entity: str | None = None, *, per_page: int = 50, start: str | None = None) -> Any:
        """Raises `UnsupportedError`."""
        refuse(INTEGRATIONS)

    def webhook_integrations(self, entity: str | None = None, *, per_page: int = 50, start: str | None = None) -> Any:
        """Raises `UnsupportedError`."""
        refuse(INTEGRATIONS)

    def slack_integrations(self, *, entity: str | None = None, per_page: int = 50, start: str | None = None) -> Any:
        """Raises `UnsupportedError`."""
        refuse(INTEGRATIONS)

    def automation(self, name: str, *, entity: str | None = None) -> Any:
        """Raises `UnsupportedError`."""
        refuse(AUTOMATIONS)

    def automations(
        self, entity: str | None = None, *, name: str | None = None, per_page: int = 50, start: str | None = None
    ) -> Any:
        """Raises `UnsupportedError`."""
        refuse(AUTOMATIONS)

    def create_automation(self, obj: Any, *, fetch_existing: bool = False, **kwargs: Any) -> Any:
        """Raises `UnsupportedError`."""
        refuse(AUTOMATIONS)

    def update_automation(self, obj: Any, *, create_missing: bool = False, **kwargs: Any) -> Any:
        """Raises `UnsupportedError`."""
        refuse(AUTOMATIONS)

    def delete_automation(self, obj: Any) -> bool:
        """Raises `UnsupportedError`."""
        refuse(AUTOMATIONS)

"""Reports, which there are in W&B's cloud only. Each class raises `UnsupportedError` when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

from pluto.compat.wandb.apis.attrs import Attrs
from pluto.compat.wandb.apis.paginator import SizedPaginator
from pluto.compat.wandb.apis.public.cloud import REPORTS, refuse

Names: TypeAlias = dict[Any, str]


class Reports(SizedPaginator["BetaReport"]):
    """The reports of a project."""

    last_response: Any = None

    def __init__(
        self, service_api: Any, project: Any, name: str | None = None, entity: str | None = None, per_page: int = 50
    ) -> None:
        refuse(REPORTS)

    def _source(self) -> Any:
        refuse(REPORTS)


class BetaReport(Attrs):
    """A report."""

    def __init__(
        self, service_api: Any, attrs: Mapping[str, Any], entity: str | None = None, project: str | None = None
    ) -> None:
        refuse(REPORTS)

    @property
    def spec(self) -> dict[str, Any]:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    @property
    def sections(self) -> Any:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    def runs(self, section: Any, per_page: int = 50, only_selected: bool = True) -> Any:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    @property
    def id(self) -> str:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    @property
    def name(self) -> str | None:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    @property
    def display_name(self) -> str | None:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    @property
    def description(self) -> str | None:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    @property
    def user(self) -> Any:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    @property
    def updated_at(self) -> Any:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    @property
    def created_at(self) -> Any:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    @property
    def url(self) -> str | None:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    def to_html(self, height: int = 1024, hidden: bool = False) -> str:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)


class PythonMongoishQueryGenerator:
    """Filters of reports."""

    SPACER = "----------"
    DECIMAL_SPACER = ";;;"
    FRONTEND_NAME_MAPPING: ClassVar[Names] = {}
    FRONTEND_NAME_MAPPING_REVERSED: ClassVar[Names] = {}
    AST_OPERATORS: ClassVar[Names] = {}
    AST_FIELDS: ClassVar[Names] = {}

    def __init__(self, run_set: Any) -> None:
        refuse(REPORTS)

    def python_to_mongo(self, filterstr: str) -> Any:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    def front_to_back(self, name: str) -> str:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    def back_to_front(self, name: str) -> str:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    def pc_front_to_back(self, name: str) -> str:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    def pc_back_to_front(self, name: str) -> str:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)


class PanelMetricsHelper:
    """Names of metrics in reports."""

    FRONTEND_NAME_MAPPING: ClassVar[Names] = {}
    FRONTEND_NAME_MAPPING_REVERSED: ClassVar[Names] = {}
    RUN_MAPPING: ClassVar[Names] = {}
    RUN_MAPPING_REVERSED: ClassVar[Names] = {}

    def __init__(self) -> None:
        refuse(REPORTS)

    def front_to_back(self, name: str) -> str:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    def back_to_front(self, name: str) -> str:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    def special_front_to_back(self, name: str) -> str:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

    def special_back_to_front(self, name: str) -> str:
        """Raises `UnsupportedError`."""
        refuse(REPORTS)

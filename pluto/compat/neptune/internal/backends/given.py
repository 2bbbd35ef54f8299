"""The fields that the store sees to."""

from __future__ import annotations

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.internal.container_type import ContainerType

__all__ = ["fields_given"]


def fields_given(type: ContainerType, *, custom_id: bool = False) -> dict[str, AttributeKind]:
    """The fields that an object has from the start, and what they are. `custom_id`: of a run that was given one."""
    kind = AttributeKind
    fields = {
        "id": kind.STRING,
        "name": kind.STRING,
        "state": kind.RUN_STATE,
        "tags": kind.STRING_SET,
        "group_tags": kind.STRING_SET,
        "creation_time": kind.DATETIME,
        "modification_time": kind.DATETIME,
        "ping_time": kind.DATETIME,
        "running_time": kind.FLOAT,
        "monitoring_time": kind.FLOAT,
        "size": kind.FLOAT,
    }
    if type is ContainerType.PROJECT:
        fields["visibility"] = kind.STRING
    else:
        fields |= {"owner": kind.STRING, "trashed": kind.BOOL, "description": kind.STRING}
    if type is ContainerType.RUN:
        fields["failed"] = kind.BOOL
        if custom_id:
            fields["custom_run_id"] = kind.STRING
    if type is ContainerType.MODEL_VERSION:
        fields |= {"model_id": kind.STRING, "stage": kind.STRING}
    return {f"sys/{name}": kind for name, kind in fields.items()}

"""Parameters that make no sense, and what an object can't be made for."""

from __future__ import annotations

from pluto.compat.neptune.common.exceptions import NeptuneException
from pluto.compat.neptune.envs import CUSTOM_RUN_ID_ENV_NAME
from pluto.compat.neptune.internal.container_type import ContainerType


class NeptuneWrongInitParametersException(NeptuneException):
    """The parameters make no sense together."""


class NeptuneParametersCollision(NeptuneException):
    """Two parameters exclude each other."""

    def __init__(self, parameter1: str, parameter2: str, method_name: str) -> None:
        self.parameter1 = parameter1
        self.parameter2 = parameter2
        self.method_name = method_name
        super().__init__(f"{method_name}() takes either {parameter1} or {parameter2}, not both")


class NeptuneRunResumeAndCustomIdCollision(NeptuneWrongInitParametersException):
    """A run is named by one id."""

    def __init__(self) -> None:
        super().__init__(
            f"init_run() takes either with_id or custom_run_id, not both ({CUSTOM_RUN_ID_ENV_NAME} may stay set)"
        )


class NeptuneMissingRequiredInitParameter(NeptuneWrongInitParametersException):
    """A new object needs more."""

    def __init__(self, called_function: str, parameter_name: str) -> None:
        super().__init__(f"{called_function}() needs {parameter_name} to make a new object, or with_id to find one")


class NeptunePossibleLegacyUsageException(NeptuneWrongInitParametersException):
    """A name of the API before 1.0."""

    def __init__(self) -> None:
        super().__init__(
            "this belongs to the API before 1.0: today a run is made by init_run() and used as run['path']"
        )


class NeedExistingExperimentForReadOnlyMode(NeptuneException):
    """There is nothing to read of a new object."""

    container_type: ContainerType
    callback_name: str

    def __init__(self, container_type: ContainerType, callback_name: str) -> None:
        self.container_type = container_type
        self.callback_name = callback_name
        kind = container_type.value.replace("_", " ")
        super().__init__(f"mode='read-only' reads a {kind} that exists: pass its id as with_id to {callback_name}()")


class NeedExistingRunForReadOnlyMode(NeedExistingExperimentForReadOnlyMode):
    """There is nothing to read of a new run."""

    def __init__(self) -> None:
        super().__init__(ContainerType.RUN, "init_run")


class NeedExistingModelForReadOnlyMode(NeedExistingExperimentForReadOnlyMode):
    """There is nothing to read of a new model."""

    def __init__(self) -> None:
        super().__init__(ContainerType.MODEL, "init_model")


class NeedExistingModelVersionForReadOnlyMode(NeedExistingExperimentForReadOnlyMode):
    """There is nothing to read of a new model version."""

    def __init__(self) -> None:
        super().__init__(ContainerType.MODEL_VERSION, "init_model_version")


class NeptuneObjectCreationConflict(NeptuneException):
    """An object of this name exists."""


class NeptuneModelKeyAlreadyExistsError(NeptuneObjectCreationConflict):
    """A model of this key exists."""

    def __init__(self, model_key: str, models_tab_url: str) -> None:
        super().__init__(f"a model of the key {model_key} exists in {models_tab_url}: choose another, or pass with_id")


class NeptuneOfflineModeException(NeptuneException):
    """Offline there is nobody to ask."""


class NeptuneOfflineModeFetchException(NeptuneOfflineModeException):
    """Offline nothing can be fetched."""

    def __init__(self) -> None:
        super().__init__("a run in mode='offline' can't be read: `pluto sync` delivers it, then it can be")


class NeptuneOfflineModeChangeStageException(NeptuneOfflineModeException):
    """Offline a stage can't be changed."""

    def __init__(self) -> None:
        super().__init__("the stage of a model version can't be changed offline")


class NeptuneMaxDiskUtilizationExceeded(NeptuneException):
    """The disk is fuller than NEPTUNE_MAX_DISK_USAGE allows."""

    def __init__(self, disk_utilization: float, utilization_limit: float) -> None:
        super().__init__(f"{disk_utilization}% of the disk are used, and the limit is {utilization_limit}%")


class NeptuneMissingRequirementException(NeptuneException):
    """A package is not installed."""

    def __init__(self, package_name: str, framework_name: str | None) -> None:
        extra = f" (for {framework_name})" if framework_name and framework_name != package_name else ""
        super().__init__(f"{package_name} is not installed{extra}: pip install {package_name}")


class NeptuneInvalidQueryException(NeptuneException):
    """The query can't be understood."""

    def __init__(self, nql_query: str) -> None:
        super().__init__(f"the query can't be understood: {nql_query}")

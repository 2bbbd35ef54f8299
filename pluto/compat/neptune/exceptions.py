"""Every exception of the API.

A wrong call, a missing field, an object that is stopped, an option that needs something else: the text says what, and
what to do. Some are only kept for `except` clauses, since nothing here has workspaces, plans or limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pluto.compat.neptune.common.exceptions import (
    ClientHttpError,
    Forbidden,
    InternalClientError,
    InternalServerError,
    NeptuneApiException,
    NeptuneConnectionLostException,
    NeptuneException,
    NeptuneInvalidApiTokenException,
    NeptuneSSLVerificationError,
    Unauthorized,
)
from pluto.compat.neptune.envs import CUSTOM_RUN_ID_ENV_NAME, PROJECT_ENV_NAME
from pluto.compat.neptune.internal.container_type import ContainerType

__all__ = [
    "AmbiguousProjectName",
    "ArtifactNotFoundException",
    "ArtifactUploadingError",
    "CannotResolveHostname",
    "CannotSynchronizeOfflineRunsWithoutProject",
    "ClientHttpError",
    "ContainerUUIDNotFound",
    "ExceptionWithProjectsWorkspacesListing",
    "FetchAttributeNotFoundException",
    "FileNotFound",
    "FileSetNotFound",
    "FileSetUploadError",
    "FileUploadError",
    "Forbidden",
    "InactiveContainerException",
    "InactiveModelException",
    "InactiveModelVersionException",
    "InactiveProjectException",
    "InactiveRunException",
    "InternalClientError",
    "InternalServerError",
    "MalformedOperation",
    "MetadataContainerNotFound",
    "MetadataInconsistency",
    "MissingFieldException",
    "ModelNotFound",
    "ModelVersionNotFound",
    "NeedExistingExperimentForReadOnlyMode",
    "NeedExistingModelForReadOnlyMode",
    "NeedExistingModelVersionForReadOnlyMode",
    "NeedExistingRunForReadOnlyMode",
    "NeptuneApiException",
    "NeptuneCannotChangeStageManually",
    "NeptuneClientUpgradeRequiredError",
    "NeptuneConnectionLostException",
    "NeptuneEmptyLocationException",
    "NeptuneException",
    "NeptuneFeatureNotAvailableException",
    "NeptuneFieldCountLimitExceedException",
    "NeptuneInvalidApiTokenException",
    "NeptuneInvalidQueryException",
    "NeptuneLegacyIncompatibilityException",
    "NeptuneLegacyProjectException",
    "NeptuneLimitExceedException",
    "NeptuneLocalStorageAccessException",
    "NeptuneMaxDiskUtilizationExceeded",
    "NeptuneMissingApiTokenException",
    "NeptuneMissingProjectNameException",
    "NeptuneMissingRequiredInitParameter",
    "NeptuneMissingRequirementException",
    "NeptuneModelKeyAlreadyExistsError",
    "NeptuneObjectCreationConflict",
    "NeptuneOfflineModeChangeStageException",
    "NeptuneOfflineModeException",
    "NeptuneOfflineModeFetchException",
    "NeptuneParametersCollision",
    "NeptunePossibleLegacyUsageException",
    "NeptuneProtectedPathException",
    "NeptuneRemoteStorageAccessException",
    "NeptuneRemoteStorageCredentialsException",
    "NeptuneRunResumeAndCustomIdCollision",
    "NeptuneSSLVerificationError",
    "NeptuneStorageLimitException",
    "NeptuneSynchronizationAlreadyStoppedException",
    "NeptuneUnhandledArtifactSchemeException",
    "NeptuneUnhandledArtifactTypeException",
    "NeptuneUnsupportedArtifactFunctionalityException",
    "NeptuneUserApiInputException",
    "NeptuneWrongInitParametersException",
    "OperationNotSupported",
    "PlotlyIncompatibilityException",
    "ProjectNotFound",
    "ProjectNotFoundWithSuggestions",
    "RunNotFound",
    "RunUUIDNotFound",
    "StreamAlreadyUsedException",
    "TypeDoesNotSupportAttributeException",
    "Unauthorized",
]

# Fields


class MetadataInconsistency(NeptuneException):
    """What is there does not fit what is asked for: a leaf in place of a namespace, a field of another type, none."""


class MissingFieldException(NeptuneException, AttributeError, KeyError):
    """There is no such field, or another process made it after this one looked."""

    def __init__(self, field_path: str) -> None:
        self._text = (
            f'there is no field "{field_path}"; if another process made it, sync() of the object finds out about it'
        )
        super().__init__(self._text)

    def __str__(self) -> str:
        return self._text  # KeyError would show it with quotes


class TypeDoesNotSupportAttributeException(NeptuneException, AttributeError):
    """The field's type has no such method."""

    def __init__(self, type_: Any, attribute: str) -> None:
        self._text = f"{getattr(type_, '__name__', type_)} has no attribute {attribute}"
        super().__init__(self._text)

    def __str__(self) -> str:
        return self._text


class FetchAttributeNotFoundException(MetadataInconsistency):
    """The store has no such field."""

    def __init__(self, attribute_path: str) -> None:
        super().__init__(f'the store has no field "{attribute_path}" (yet): wait() stores what was logged so far')


class ArtifactNotFoundException(MetadataInconsistency):
    """The store has no such artifact."""

    def __init__(self, artifact_hash: str) -> None:
        super().__init__(f"the store has no artifact {artifact_hash} (yet): wait() stores what was logged so far")


class FileSetNotFound(NeptuneException):
    """The file set, or the folder in it, is not there."""

    def __init__(self, attribute: str, path: str) -> None:
        where = "/".join(part for part in (attribute, path) if part)
        super().__init__(f'the store has no files "{where}" (yet): wait() stores what was logged so far')


class NeptuneProtectedPathException(NeptuneException):
    """The field is not set by hand."""

    extra_info = ""

    def __init__(self, path: str) -> None:
        self._path = path
        super().__init__(f'the field "{path}" is not set directly{self.extra_info}')


class NeptuneCannotChangeStageManually(NeptuneProtectedPathException):
    """The stage of a model version has a method of its own."""

    extra_info = ": call change_stage() of the model version"


class OperationNotSupported(NeptuneException):
    """The field's type can't do this."""

    def __init__(self, message: str) -> None:
        super().__init__(f"not supported: {message}")


class MalformedOperation(NeptuneException):
    """A stored operation can't be read."""


class NeptuneUserApiInputException(NeptuneException):
    """The arguments do not fit together."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


# Files


class FileNotFound(NeptuneException):
    """There is no such file."""

    def __init__(self, file: str) -> None:
        super().__init__(f"there is no file {file}")


class FileUploadError(NeptuneException):
    """A file could not be stored."""

    def __init__(self, filename: str, msg: str) -> None:
        super().__init__(f"{filename} could not be stored: {msg}")


class FileSetUploadError(NeptuneException):
    """Files could not be stored."""

    def __init__(self, globs: Sequence[str], msg: str) -> None:
        super().__init__(f"{list(globs)} could not be stored: {msg}")


class StreamAlreadyUsedException(NeptuneException):
    """A stream gives its content once."""

    def __init__(self) -> None:
        super().__init__("the stream of this File was read before; make another one with File.from_stream()")


class PlotlyIncompatibilityException(Exception):
    """Matplotlib and Plotly do not understand each other."""

    def __init__(self, matplotlib_version: str, plotly_version: str, details: str) -> None:
        super().__init__(f"matplotlib {matplotlib_version} and plotly {plotly_version} do not go together: {details}")


# Artifacts


class ArtifactUploadingError(NeptuneException):
    """An artifact could not be stored."""

    def __init__(self, msg: str) -> None:
        super().__init__(f"the artifact could not be stored: {msg}")


class NeptuneUnhandledArtifactSchemeException(NeptuneException):
    """Only files of this machine and of S3 can be tracked."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} can't be tracked: {path.partition(':')[0]}:// is neither file:// nor s3://")


class NeptuneUnhandledArtifactTypeException(NeptuneException):
    """A file of the artifact is kept where this client can't get it."""

    def __init__(self, type_str: str) -> None:
        super().__init__(f"files of type {type_str} can't be fetched")


class NeptuneLocalStorageAccessException(NeptuneException):
    """A tracked file is not what it was."""

    def __init__(self, path: Any, expected_description: str) -> None:
        super().__init__(f"{path} is not {expected_description}")


class NeptuneRemoteStorageCredentialsException(NeptuneException):
    """S3 wants credentials."""

    def __init__(self) -> None:
        super().__init__("no credentials for S3 were found; boto3 looks for AWS_ACCESS_KEY_ID and ~/.aws/credentials")


class NeptuneRemoteStorageAccessException(NeptuneException):
    """S3 has no such object."""

    def __init__(self, location: str) -> None:
        super().__init__(f"{location} can't be read")


class NeptuneUnsupportedArtifactFunctionalityException(NeptuneException):
    """Artifacts can't do this."""

    def __init__(self, functionality_info: str) -> None:
        super().__init__(functionality_info)


class NeptuneEmptyLocationException(NeptuneException):
    """There is nothing to track."""

    def __init__(self, location: str, namespace: str) -> None:
        super().__init__(f'nothing to track for "{namespace}": there are no files at {location}')


# Objects that are not there


class MetadataContainerNotFound(NeptuneException):
    """There is no such object."""

    container_id: str
    container_type: ContainerType | None

    def __init__(self, container_id: str, container_type: ContainerType | None) -> None:
        self.container_id = container_id
        self.container_type = container_type
        kind = "object" if container_type is None else container_type.value.replace("_", " ")
        super().__init__(f"there is no {kind} {container_id}")

    @classmethod
    def of_container_type(cls, container_type: ContainerType | None, container_id: str) -> MetadataContainerNotFound:
        """The exception for an object of this kind."""
        if container_type is None:
            return MetadataContainerNotFound(container_id, None)
        return _NOT_FOUND[container_type](container_id)


class ProjectNotFound(MetadataContainerNotFound):
    """There is no such project."""

    def __init__(self, project_id: str) -> None:
        super().__init__(project_id, ContainerType.PROJECT)


class RunNotFound(MetadataContainerNotFound):
    """There is no such run."""

    def __init__(self, run_id: str) -> None:
        super().__init__(run_id, ContainerType.RUN)


class ModelNotFound(MetadataContainerNotFound):
    """There is no such model."""

    def __init__(self, model_id: str) -> None:
        super().__init__(model_id, ContainerType.MODEL)


class ModelVersionNotFound(MetadataContainerNotFound):
    """There is no such model version."""

    def __init__(self, model_version_id: str) -> None:
        super().__init__(model_version_id, ContainerType.MODEL_VERSION)


_NOT_FOUND: dict[ContainerType, type[ProjectNotFound | RunNotFound | ModelNotFound | ModelVersionNotFound]] = {
    ContainerType.PROJECT: ProjectNotFound,
    ContainerType.RUN: RunNotFound,
    ContainerType.MODEL: ModelNotFound,
    ContainerType.MODEL_VERSION: ModelVersionNotFound,
}


class ContainerUUIDNotFound(NeptuneException):
    """The object was deleted."""

    container_id: str
    container_type: ContainerType

    def __init__(self, container_id: str, container_type: ContainerType) -> None:
        self.container_id = container_id
        self.container_type = container_type
        super().__init__(f"there is no {container_type.value.replace('_', ' ')} {container_id}; it may be deleted")


RunUUIDNotFound = ContainerUUIDNotFound


class ExceptionWithProjectsWorkspacesListing(NeptuneException):
    """Lists the projects there are."""

    def __init__(
        self,
        message: str,
        available_projects: Iterable[Any] = (),
        available_workspaces: Iterable[Any] = (),
        **kwargs: Any,
    ) -> None:
        projects = ", ".join(f"{project.workspace}/{project.name}" for project in available_projects)
        workspaces = ", ".join(workspace.name for workspace in available_workspaces)
        text = message.format(**kwargs) if kwargs else message
        text += f"; projects: {projects}" if projects else ""
        super().__init__(text + (f"; workspaces: {workspaces}" if workspaces else ""))


class ProjectNotFoundWithSuggestions(ExceptionWithProjectsWorkspacesListing, ProjectNotFound):
    """There is no such project, but others."""

    def __init__(
        self, project_id: str, available_projects: Iterable[Any] = (), available_workspaces: Iterable[Any] = ()
    ) -> None:
        self.container_id = project_id
        self.container_type = ContainerType.PROJECT
        ExceptionWithProjectsWorkspacesListing.__init__(
            self, f"there is no project {project_id}", available_projects, available_workspaces
        )


class AmbiguousProjectName(ExceptionWithProjectsWorkspacesListing):
    """Several projects have this name."""

    def __init__(self, project_id: str, available_projects: Iterable[Any] = ()) -> None:
        super().__init__(f"several projects are called {project_id}", available_projects)


class CannotResolveHostname(NeptuneException):
    """The server's name is not known."""

    def __init__(self, host: str) -> None:
        super().__init__(f"the name {host} can't be resolved")


# Objects that are stopped


class InactiveContainerException(NeptuneException):
    """The object is stopped."""

    resume_info: str = "make another object with its id"

    def __init__(self, container_type: ContainerType, label: str) -> None:
        super().__init__(
            f"the {container_type.value.replace('_', ' ')} {label} is stopped: it can't be written to or fetched from;"
            f" {self.resume_info}"
        )


class InactiveRunException(InactiveContainerException):
    """The run is stopped."""

    resume_info = "init_run(with_id=…) goes on with it, and with mode='read-only' only reads"

    def __init__(self, label: str) -> None:
        super().__init__(ContainerType.RUN, label)


class InactiveModelException(InactiveContainerException):
    """The model is stopped."""

    resume_info = "init_model(with_id=…) goes on with it"

    def __init__(self, label: str) -> None:
        super().__init__(ContainerType.MODEL, label)


class InactiveModelVersionException(InactiveContainerException):
    """The model version is stopped."""

    resume_info = "init_model_version(with_id=…) goes on with it"

    def __init__(self, label: str) -> None:
        super().__init__(ContainerType.MODEL_VERSION, label)


class InactiveProjectException(InactiveContainerException):
    """The project is stopped."""

    resume_info = "init_project(…) goes on with it"

    def __init__(self, label: str) -> None:
        super().__init__(ContainerType.PROJECT, label)


class NeptuneSynchronizationAlreadyStoppedException(NeptuneException):
    """Nothing is delivered any more by this object."""

    def __init__(self) -> None:
        super().__init__("delivery has stopped; what was logged is on this disk, and `pluto sync` delivers it")


# Entry points


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


# The machine


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


# Kept for `except` clauses: nothing raises them here


class NeptuneMissingProjectNameException(ExceptionWithProjectsWorkspacesListing):
    """Not raised: without a project, runs go to Pluto's default project."""

    def __init__(self, available_projects: Iterable[Any] = (), available_workspaces: Iterable[Any] = ()) -> None:
        super().__init__(
            f"no project: pass project='workspace/name' or set {PROJECT_ENV_NAME}",
            available_projects,
            available_workspaces,
        )


class NeptuneMissingApiTokenException(NeptuneException):
    """Not raised: without a key everything is kept in the local store."""

    def __init__(self) -> None:
        super().__init__("no key: `pluto login` keeps one, PLUTO_API_KEY gives one")


class CannotSynchronizeOfflineRunsWithoutProject(NeptuneException):
    """Offline runs need a project to go to."""

    def __init__(self) -> None:
        super().__init__(f"offline runs need a project to go to: pass --project or set {PROJECT_ENV_NAME}")


class NeptuneClientUpgradeRequiredError(NeptuneException):
    """The server wants another version of the client."""

    def __init__(self, version: Any, min_version: Any = None, max_version: Any = None) -> None:
        wanted = f"at most {max_version}" if max_version else f"at least {min_version}"
        super().__init__(f"this is version {version}, the server wants {wanted}")


class NeptuneLegacyProjectException(NeptuneException):
    """A project of before 1.0."""

    def __init__(self, project: str) -> None:
        super().__init__(f"the project {project} is one of before 1.0")


class NeptuneLegacyIncompatibilityException(NeptuneException):
    """An experiment of before 1.0 where a run is expected."""

    def __init__(self) -> None:
        super().__init__("this is an experiment of the API before 1.0; a run is expected")


class NeptuneLimitExceedException(NeptuneException):
    """A plan's limit."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"a limit is reached: {reason}")


class NeptuneFieldCountLimitExceedException(NeptuneException):
    """Too many fields."""

    def __init__(self, limit: int, container_type: str, identifier: str) -> None:
        super().__init__(f"the {container_type} {identifier} has more than {limit} fields")


class NeptuneStorageLimitException(NeptuneException):
    """The server takes nothing more."""

    def __init__(self) -> None:
        super().__init__("the server's storage is used up; what was logged is on this disk")


class NeptuneFeatureNotAvailableException(NeptuneException):
    """The server can't do this."""

    def __init__(self, missing_feature: Any) -> None:
        super().__init__(f"the server does not have this: {missing_feature}")

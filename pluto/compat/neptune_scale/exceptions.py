"""What can go wrong, and what is only worth a warning.

    NeptuneScaleError
    ├── NeptuneRetryableError            it may work later: no connection, a busy server
    ├── NeptuneProjectError              about the project
    ├── NeptuneRunError                  about the run as a whole
    ├── NeptuneUnableToLogData           a value was not logged
    └── …                                about one attribute or one point
    NeptuneScaleWarning                  a duplicate run or point, a fork that is not one

Only `NeptuneUnableToLogData`, and what a wrong argument raises, reach the caller of a method. All others are handed to
the callbacks of the run.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pluto.compat.neptune_scale.util.styles import STYLES, ensure_style_detected

__all__ = (
    "GenericFloatValueNanInfUnsupported",
    "NeptuneApiTokenNotProvided",
    "NeptuneAttributePathEmpty",
    "NeptuneAttributePathExceedsSizeLimit",
    "NeptuneAttributePathInvalid",
    "NeptuneAttributePathNonWritable",
    "NeptuneAttributeTypeMismatch",
    "NeptuneAttributeTypeUnsupported",
    "NeptuneBadRequestError",
    "NeptuneConnectionLostError",
    "NeptuneDatabaseConflict",
    "NeptuneFileMetadataExceedsSizeLimit",
    "NeptuneFileUploadError",
    "NeptuneFileUploadTemporaryError",
    "NeptuneFloatValueNanInfUnsupported",
    "NeptuneHistogramBinEdgesContainNaN",
    "NeptuneHistogramBinEdgesNotIncreasing",
    "NeptuneHistogramTooManyBins",
    "NeptuneHistogramValuesLengthMismatch",
    "NeptuneInternalServerError",
    "NeptuneInvalidCredentialsError",
    "NeptuneLocalStorageInUnsupportedVersion",
    "NeptunePreviewStepNotAfterLastCommittedStep",
    "NeptuneProjectAlreadyExists",
    "NeptuneProjectError",
    "NeptuneProjectInvalidName",
    "NeptuneProjectNotFound",
    "NeptuneProjectNotProvided",
    "NeptuneRetryableError",
    "NeptuneRunConflicting",
    "NeptuneRunDuplicate",
    "NeptuneRunError",
    "NeptuneRunForkParentNotFound",
    "NeptuneRunInvalidCreationParameters",
    "NeptuneRunNotFound",
    "NeptuneScaleError",
    "NeptuneScaleWarning",
    "NeptuneSeriesPointDuplicate",
    "NeptuneSeriesStepNonIncreasing",
    "NeptuneSeriesStepNotAfterForkPoint",
    "NeptuneSeriesTimestampDecreasing",
    "NeptuneStringSetExceedsSizeLimit",
    "NeptuneStringValueExceedsSizeLimit",
    "NeptuneSynchronizationStopped",
    "NeptuneTooManyRequestsResponseError",
    "NeptuneUnableToAuthenticateError",
    "NeptuneUnableToLogData",
    "NeptuneUnauthorizedError",
    "NeptuneUnexpectedError",
    "NeptuneUnexpectedResponseError",
)


def _restored(kind: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    error = kind.__new__(kind)
    error.args = args
    return error


def _composed(message: str, *args: Any, **kwargs: Any) -> str:
    ensure_style_detected()
    return message.format(*args, **STYLES, **kwargs)


class NeptuneScaleError(Exception):
    """The base of all errors. `message=` replaces the text of the class, whose gaps `args` and `kwargs` fill."""

    message: str = "the client met an error"
    gaps: ClassVar[dict[str, object]] = {}
    """What stands in the text's gaps that nothing is given for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(_composed(kwargs.pop("message", self.message), *args, **{**self.gaps, **kwargs}))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args)


class NeptuneScaleWarning(Warning):
    """The base of what is only worth a warning."""

    message: str = "the client has a warning"
    gaps: ClassVar[dict[str, object]] = {}
    """What stands in the text's gaps that nothing is given for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(_composed(self.message, *args, **{**self.gaps, **kwargs}))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.args)


class NeptuneBadRequestError(NeptuneScaleError):
    """A request that makes no sense to the server; `reason` says why."""

    message = "{h1}NeptuneBadRequestError ({status_code}):{end} {reason}"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["reason"] = kwargs.get("reason") or "the server refused the data"
        kwargs.setdefault("status_code", 400)
        super().__init__(*args, **kwargs)


class NeptuneSynchronizationStopped(NeptuneScaleError):
    """Delivery has ended before the run."""

    message = (
        "{h1}NeptuneSynchronizationStopped:{end} nothing more is delivered. What was logged, and is logged from now"
        " on, is safe on this disk; {bash}pluto sync{end} delivers it."
    )


class NeptuneUnableToLogData(NeptuneScaleError):
    """A value was not logged."""

    message = "{h1}NeptuneUnableToLogData:{end} {reason}"

    def __init__(self, reason: str = "", **kwargs: Any) -> None:
        super().__init__(reason=reason, **kwargs)


class NeptuneFloatValueNanInfUnsupported(NeptuneUnableToLogData):
    """A number of a series that is not finite. Pluto keeps such points; the class stays for code that names it."""

    message = "{h1}NeptuneFloatValueNanInfUnsupported:{end} metric `{metric}` is {value} at step {step}."

    def __init__(self, metric: str = "", step: float | int | None = None, value: Any = None) -> None:
        super().__init__(metric=metric, step=step, value=value)


class GenericFloatValueNanInfUnsupported(NeptuneFloatValueNanInfUnsupported):
    """The same where nobody knows which metric it is."""

    message = "{h1}NeptuneFloatValueNanInfUnsupported:{end} a number of a series is not finite."

    def __init__(self, *_args: Any) -> None:
        super().__init__()


class NeptuneUnauthorizedError(NeptuneScaleError):
    """The key does not give access to the project."""

    message = (
        "{h1}NeptuneUnauthorizedError:{end} the server does not let this key into the project. Look at the project's"
        " name, and whose key it is: {bash}pluto login{end} keeps another one."
    )


class NeptuneInvalidCredentialsError(NeptuneScaleError):
    """The key is none."""

    message = (
        "{h1}NeptuneInvalidCredentialsError:{end} the server does not know this key. {bash}pluto login{end} keeps"
        " another one, and so does the variable PLUTO_API_KEY."
    )


class NeptuneUnexpectedError(NeptuneScaleError):
    """Something nobody has thought of."""

    message = "{h1}NeptuneUnexpectedError:{end} {reason}"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class NeptuneRetryableError(NeptuneScaleError):
    """Something that may work later; it is tried again."""


class NeptuneConnectionLostError(NeptuneRetryableError):
    """The server can't be reached."""

    message = (
        "{h1}NeptuneConnectionLostError:{end} the server can't be reached{because}. What was logged is safe on this"
        " disk, and is delivered as soon as it can be."
    )
    gaps: ClassVar = {"because": ""}


class NeptuneUnexpectedResponseError(NeptuneRetryableError):
    """The server answered something that is no answer."""

    message = "{h1}NeptuneUnexpectedResponseError:{end} the server's answer can't be understood; it is asked again."


class NeptuneTooManyRequestsResponseError(NeptuneRetryableError):
    """The server asks for patience."""

    message = "{h1}NeptuneTooManyRequestsResponseError:{end} the server is asked too often; it is asked again later."


class NeptuneInternalServerError(NeptuneRetryableError):
    """The server failed."""

    message = "{h1}NeptuneInternalServerError:{end} the server failed; it is asked again."


class NeptuneUnableToAuthenticateError(NeptuneRetryableError):
    """Whether the key is good could not be found out."""

    message = "{h1}NeptuneUnableToAuthenticateError:{end} the server could not check the key; it is asked again."


class NeptuneFileUploadError(NeptuneScaleError):
    """A file was refused for good."""

    message = "{h1}NeptuneFileUploadError:{end} a file was not stored, and will not be."


class NeptuneFileUploadTemporaryError(NeptuneRetryableError):
    """A file could not be stored just now."""

    message = "{h1}NeptuneFileUploadTemporaryError:{end} a file could not be stored yet; it is tried again."


class NeptuneProjectError(NeptuneScaleError):
    """The base of errors about a project."""


class NeptuneProjectNotFound(NeptuneProjectError):
    """There is no such project."""

    message = "{h1}NeptuneProjectNotFound:{end} there is no project of this name."


class NeptuneProjectInvalidName(NeptuneProjectError):
    """A project can't be called that."""

    message = "{h1}NeptuneProjectInvalidName:{end} the project's name is empty or too long."


class NeptuneProjectAlreadyExists(NeptuneProjectError):
    """The project is there already."""

    message = "{h1}NeptuneProjectAlreadyExists:{end} there is a project of this name or key already."


class NeptuneRunError(NeptuneScaleError):
    """The base of errors about a run as a whole."""


class NeptuneRunNotFound(NeptuneRunError):
    """There is no such run."""

    message = "{h1}NeptuneRunNotFound:{end} there is no such run (any more)."


class NeptuneRunInvalidCreationParameters(NeptuneRunError):
    """The server refuses to make the run."""

    message = "{h1}NeptuneRunInvalidCreationParameters:{end} the server refused the run{because}."
    gaps: ClassVar = {"because": ""}


class NeptuneRunDuplicate(NeptuneScaleWarning):
    """The run was there before: it is resumed, or several processes write it."""

    message = (
        "NeptuneRunDuplicate: a run of this id was there before. So it is meant where a run is resumed, or written by"
        " several processes."
    )


class NeptuneRunConflicting(NeptuneScaleWarning):
    """The run was there before, and is no fork of that parent."""

    message = (
        "{h1}NeptuneRunConflicting:{end} a run of this id was there before, and was not forked from the run that"
        " `fork_run_id` names. It stays as it is."
    )


class NeptuneRunForkParentNotFound(NeptuneScaleWarning):
    """The run to fork from is not there."""

    message = "{h1}NeptuneRunForkParentNotFound:{end} there is no run to fork from: this one starts without a parent."


class NeptuneAttributePathExceedsSizeLimit(NeptuneScaleError):
    """A path is too long."""

    message = "{h1}NeptuneAttributePathExceedsSizeLimit:{end} a path takes at most 1024 bytes in UTF-8."


class NeptuneAttributePathEmpty(NeptuneScaleError):
    """A path is empty."""

    message = "{h1}NeptuneAttributePathEmpty:{end} a path is empty; its value was not logged."


class NeptuneAttributePathInvalid(NeptuneScaleError):
    """A path is none."""

    message = "{h1}NeptuneAttributePathInvalid:{end} a path is no text that UTF-8 can hold."


class NeptuneAttributePathNonWritable(NeptuneScaleError):
    """A path that is not the script's to write."""

    message = (
        "{h1}NeptuneAttributePathNonWritable:{end} `{path}` is written by the tracker itself, as most of `sys/` is; the"
        " value was not logged."
    )
    gaps: ClassVar = {"path": "the attribute"}


class NeptuneAttributeTypeUnsupported(NeptuneScaleError):
    """A type nobody knows."""

    message = "{h1}NeptuneAttributeTypeUnsupported:{end} values of this type can't be kept."


class NeptuneAttributeTypeMismatch(NeptuneScaleError):
    """A value of another type than the attribute has."""

    message = (
        "{h1}NeptuneAttributeTypeMismatch:{end} `{path}` holds {kept}, and {given} can't be logged there: an attribute"
        " keeps the type of its first value."
    )
    gaps: ClassVar = {"path": "the attribute", "kept": "another type", "given": "this value"}


_POINT: Final[dict[str, object]] = {"point": "a point", "last": "that of the last one"}


class NeptuneSeriesPointDuplicate(NeptuneScaleWarning):
    """A point was logged before, with the same value."""

    message = "NeptuneSeriesPointDuplicate: {point} was logged before, with the same value; once is enough."
    gaps = _POINT


class NeptuneSeriesStepNonIncreasing(NeptuneScaleError):
    """A step is not above the last one of its series."""

    message = (
        "{h1}NeptuneSeriesStepNonIncreasing:{end} {point} was not logged: the steps of a series rise, and the last"
        " one was {last}."
    )
    gaps = _POINT


class NeptuneSeriesStepTooLarge(NeptuneScaleError):
    """A step is too high."""

    message = "{h1}NeptuneSeriesStepTooLarge:{end} {point} was not logged: steps are below 1,000,000,000,000."
    gaps = _POINT


class NeptuneSeriesStepNotAfterForkPoint(NeptuneScaleError):
    """A step of a forked run lies before the fork."""

    message = (
        "{h1}NeptuneSeriesStepNotAfterForkPoint:{end} {point} was not logged: the run was forked at step {last}, and"
        " what comes before belongs to its parent."
    )
    gaps = _POINT


class NeptuneSeriesTimestampDecreasing(NeptuneScaleError):
    """A point is older than the one before it."""

    message = "{h1}NeptuneSeriesTimestampDecreasing:{end} {point} was not logged: it is older than the point before it."
    gaps = _POINT


class NeptunePreviewStepNotAfterLastCommittedStep(NeptuneScaleError):
    """A preview of a step that is settled."""

    message = (
        "{h1}NeptunePreviewStepNotAfterLastCommittedStep:{end} the preview of {point} was not logged: the metric is"
        " settled up to step {last}, and previews come after that."
    )
    gaps = _POINT


class NeptuneStringValueExceedsSizeLimit(NeptuneScaleError):
    """A text is too long."""

    message = "{h1}NeptuneStringValueExceedsSizeLimit:{end} a text is too long for the server."


class NeptuneStringSetExceedsSizeLimit(NeptuneScaleError):
    """A set of texts is too big."""

    message = "{h1}NeptuneStringSetExceedsSizeLimit:{end} a set of texts is too big for the server."


class NeptuneFileMetadataExceedsSizeLimit(NeptuneScaleError):
    """What is told about a file is too long."""

    message = "{h1}NeptuneFileMetadataExceedsSizeLimit:{end} name and type of a file are too long for the server."


class NeptuneProjectNotProvided(NeptuneRetryableError):
    """No project is named. A `Run` takes the default project then; the class stays for code that names it."""

    message = (
        '{h1}NeptuneProjectNotProvided:{end} no project is named: pass {python}project="WORKSPACE/PROJECT"{end}, or'
        " set the variable NEPTUNE_PROJECT."
    )


class NeptuneApiTokenNotProvided(NeptuneRetryableError):
    """No token is given. A `Run` goes to the local store then; the class stays for code that names it."""

    message = (
        "{h1}NeptuneApiTokenNotProvided:{end} no token is given: {bash}pluto login{end} keeps one, and so does the"
        " variable PLUTO_API_KEY."
    )


class NeptuneLocalStorageInUnsupportedVersion(NeptuneScaleError):
    """A file of another version."""

    message = "{h1}NeptuneLocalStorageInUnsupportedVersion:{end} the file was written by another version of the client."


class NeptuneDatabaseConflict(NeptuneScaleError):
    """A folder of a run that is there already."""

    message = "NeptuneDatabaseConflict: {name} is there already"

    def __init__(self, path: str = "") -> None:
        super().__init__(name=path)


class NeptuneHistogramBinEdgesContainNaN(NeptuneScaleError):
    """An edge is no number."""

    message = "{h1}NeptuneHistogramBinEdgesContainNaN:{end} the histogram was not logged: an edge of its bins is NaN."


class NeptuneHistogramTooManyBins(NeptuneScaleError):
    """Too many bins."""

    message = "{h1}NeptuneHistogramTooManyBins:{end} the histogram was not logged: it has more than 512 bins."


class NeptuneHistogramBinEdgesNotIncreasing(NeptuneScaleError):
    """The edges do not rise."""

    message = "{h1}NeptuneHistogramBinEdgesNotIncreasing:{end} the histogram was not logged: its edges do not rise."


class NeptuneHistogramValuesLengthMismatch(NeptuneScaleError):
    """More or fewer values than bins."""

    message = (
        "{h1}NeptuneHistogramValuesLengthMismatch:{end} the histogram was not logged: it has one value for each bin."
    )

"""Everything that can go wrong between an application and its reasons.

ExplainError
  BundleError
    FileAltered
    FileTooLarge
    NotSigned
    UnsafeModelFile
    BundleInvalid
    NotProven
    LibraryFailed
  ContractBroken
  ModelUnavailable
  NonsenseScore
  NotFaithful
  NotExplainable
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one submitted field, and what to do about it.

    ``code`` is one of ``unknown_field, missing, wrong_type, out_of_range, unknown_level,
    not_finite, stale, from_future``. ``detail`` is a sentence for the sender and never repeats
    the submitted value, so that it may be logged.
    """

    field: str
    code: str
    detail: str

    def __str__(self) -> str:
        """The field's name and the advice."""
        return f"{self.field}: {self.detail}"


@dataclass(eq=False)
class ExplainError(Exception):
    """Something went wrong while scoring or explaining."""

    def __str__(self) -> str:
        """First line of the class's own docstring, filled with its facts."""
        facts = {f.name: _in_words(getattr(self, f.name)) for f in fields(self)}
        return (type(self).__doc__ or "").splitlines()[0].format(**facts)

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes with every fact, however it was raised."""
        return type(self), tuple(getattr(self, f.name) for f in fields(self))


@dataclass(eq=False)
class BundleError(ExplainError):
    """The model bundle at {path} cannot be used."""

    path: str


@dataclass(eq=False)
class FileAltered(BundleError):
    """{path} is not the file that was approved (found {found}, expected {expected})."""

    expected: str
    found: str


@dataclass(eq=False)
class FileTooLarge(BundleError):
    """{path} has {size} bytes; at most {limit} are read."""

    size: int
    limit: int


@dataclass(eq=False)
class NotSigned(BundleError):
    """The bundle at {path} is not read, as no trusted publisher signed it ({finding}): have it signed with 'countermand bundle sign', or name its publisher's key in publishers.pub of the data directory."""

    finding: str


@dataclass(eq=False)
class UnsafeModelFile(BundleError):
    """{path} asks for types that are not on the list of safe ones: {types}."""

    types: tuple[str, ...]


@dataclass(eq=False)
class BundleInvalid(BundleError):
    """The bundle at {path} does not say what it must: {problems}."""

    problems: tuple[str, ...]


@dataclass(eq=False)
class NotProven(BundleError):
    """The bundle at {path} breaks its own promise: {promise} (reference row {row})."""

    promise: str
    row: int


@dataclass(eq=False)
class LibraryFailed(BundleError):
    """{path} made its library fail: it {what}."""

    what: str


@dataclass(eq=False)
class ContractBroken(ExplainError):
    """The application does not meet the data contract: {problems}"""  # noqa: D400, D415

    problems: tuple[FieldProblem, ...]


@dataclass(eq=False)
class ModelUnavailable(ExplainError):
    """The model of {bundle} gave no answer ({cause})."""

    bundle: str
    cause: str


@dataclass(eq=False)
class NonsenseScore(ExplainError):
    """The model of {bundle} answered something that is no probability ({what})."""

    bundle: str
    what: str


@dataclass(eq=False)
class NotFaithful(ExplainError):
    """The reasons do not add up to the score (off by {residual}, allowed {tolerance})."""

    residual: float
    tolerance: float


@dataclass(eq=False)
class NotExplainable(ExplainError):
    """{what} cannot be explained: {problems}."""

    what: str
    problems: tuple[str, ...]


def _in_words(fact: object) -> str:
    """A fact as it stands in a message: tuples joined, floats short, all else as text."""
    if isinstance(fact, tuple):
        return "; ".join(str(part) for part in fact)
    return f"{fact:g}" if isinstance(fact, float) else str(fact)

"""Everything the service itself can refuse, before or around a case.

ServiceError
  RequestError
    Malformed
    InvalidRequest
    TooLarge
    UnsupportedMedia
    IdempotencyKeyMissing
    IdempotencyKeyInvalid
  AccessError
    Unauthenticated
    Forbidden
    CrossSite
    TooManyAttempts
    SignInFailed
  PeopleError
    UnknownPerson
    PersonKnown
    PersonHasLeft
    NameRefused
    PasswordRefused
  RegistryError
    UnknownBundle
    NoChampion
    BundleUnavailable
    BundleKnown
    NothingToRollBack
    StandingUnchanged
  DecisionError
    UnknownDecision
    AlreadyDecided
    NothingToRescore
    FieldsErased
  FeedbackError
  OtherHistory
  NotReady
  Overloaded
  AlreadyServed
  SchemaOutdated
  NoSigningKey
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where (a JSON pointer) and what to do, never the value."""

    pointer: str
    detail: str
    code: str = ""

    def __str__(self) -> str:
        """The place and the advice."""
        return f"{self.pointer or 'body'}: {self.detail}"


@dataclass(eq=False)
class ServiceError(Exception):
    """The service cannot do this."""

    def __str__(self) -> str:
        """First line of the class's own docstring, filled with its facts."""
        facts = {f.name: _in_words(getattr(self, f.name)) for f in fields(self)}
        return (type(self).__doc__ or "").splitlines()[0].format(**facts)

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes with every fact, however it was raised."""
        return type(self), tuple(getattr(self, f.name) for f in fields(self))


@dataclass(eq=False)
class RequestError(ServiceError):
    """The request cannot be read."""


@dataclass(eq=False)
class Malformed(RequestError):
    """The body is not acceptable JSON: {problem}."""

    problem: str


@dataclass(eq=False)
class InvalidRequest(RequestError):
    """The request does not say what it must: {faults}"""  # noqa: D400, D415

    faults: tuple[Fault, ...]


@dataclass(eq=False)
class TooLarge(RequestError):
    """The body is larger than {limit} bytes."""

    limit: int


@dataclass(eq=False)
class UnsupportedMedia(RequestError):
    """Send the body as {expected}."""

    expected: str


@dataclass(eq=False)
class IdempotencyKeyMissing(RequestError):
    """Send an Idempotency-Key header, so that a repeated request acts only once."""


@dataclass(eq=False)
class IdempotencyKeyInvalid(RequestError):
    """An Idempotency-Key has 1 to {limit} visible ASCII characters and no blanks."""

    limit: int


@dataclass(eq=False)
class AccessError(ServiceError):
    """You may not do this."""


@dataclass(eq=False)
class Unauthenticated(AccessError):
    """Say who you are: sign in, or send a valid key as Authorization: Bearer."""


@dataclass(eq=False)
class Forbidden(AccessError):
    """Your role ({role}) may not do this."""

    role: str


@dataclass(eq=False)
class CrossSite(AccessError):
    """The request came from another site, so nothing was done."""


@dataclass(eq=False)
class TooManyAttempts(AccessError):
    """Too many attempts: try again in {wait}."""

    seconds: int

    def __str__(self) -> str:
        """How long to wait in whole minutes, rounded up, or in seconds below one minute."""
        size, unit = (60, "minute") if self.seconds >= 60 else (1, "second")  # noqa: PLR2004
        count = -(-self.seconds // size)
        wait = f"{count} {unit}" if count == 1 else f"{count} {unit}s"
        return (type(self).__doc__ or "").splitlines()[0].format(wait=wait)


@dataclass(eq=False)
class SignInFailed(AccessError):
    """The name or the password is not right."""


@dataclass(eq=False)
class PeopleError(ServiceError):
    """The list of people cannot be changed in this way."""


@dataclass(eq=False)
class UnknownPerson(PeopleError):
    """There is no person or service named {name}."""

    name: str


@dataclass(eq=False)
class PersonKnown(PeopleError):
    """{name} exists already: choose another name."""

    name: str


@dataclass(eq=False)
class PersonHasLeft(PeopleError):
    """{name} has left: whoever comes back is added again, under a name of their own."""

    name: str


@dataclass(eq=False)
class NameRefused(PeopleError):
    """That cannot be a name: {problem}."""

    problem: str


@dataclass(eq=False)
class PasswordRefused(PeopleError):
    """That cannot be a password: {problem}."""

    problem: str


@dataclass(eq=False)
class RegistryError(ServiceError):
    """The list of models cannot be changed or used in this way."""


@dataclass(eq=False)
class UnknownBundle(RegistryError):
    """No bundle named {name} is registered."""

    name: str


@dataclass(eq=False)
class NoChampion(RegistryError):
    """No bundle has been promoted to champion yet: name one in the request."""


@dataclass(eq=False)
class BundleUnavailable(RegistryError):
    """Bundle {name} cannot be used: {cause}."""

    name: str
    cause: str


@dataclass(eq=False)
class BundleKnown(RegistryError):
    """{name} is registered in this very version already."""

    name: str


@dataclass(eq=False)
class NothingToRollBack(RegistryError):
    """{name} is not the champion, or no champion came before it."""

    name: str


@dataclass(eq=False)
class StandingUnchanged(RegistryError):
    """Bundle {name} is {status} already."""

    name: str
    status: str


@dataclass(eq=False)
class DecisionError(ServiceError):
    """The decision cannot be made or found."""


@dataclass(eq=False)
class UnknownDecision(DecisionError):
    """There is no decision {decision_id} that you may see."""

    decision_id: str


@dataclass(eq=False)
class AlreadyDecided(DecisionError):
    """The case of this application is {status}: it can be scored again only after a reopening."""

    case_id: str
    status: str
    decision_id: str


@dataclass(eq=False)
class NothingToRescore(DecisionError):
    """Re-scoring this case would change nothing: {why}."""

    case_id: str
    why: str


@dataclass(eq=False)
class FieldsErased(DecisionError):
    """The fields of this application have been erased, so it cannot be re-scored: have the application sent again, or close the case."""

    case_id: str


@dataclass(eq=False)
class FeedbackError(ServiceError):
    """The feedback set cannot be made."""


@dataclass(eq=False)
class OtherHistory(ServiceError):
    """The first {size} entries that you remember are not the beginning of this ledger, which has {here}: one of the two was changed. Nothing was recorded; keep what you have."""

    size: int
    here: int


@dataclass(eq=False)
class NotReady(ServiceError):
    """The service is not ready yet: {waiting_for}."""

    waiting_for: str


@dataclass(eq=False)
class Overloaded(ServiceError):
    """Too many applications are waiting; nothing was recorded, so send this one again later."""


@dataclass(eq=False)
class AlreadyServed(ServiceError):
    """Another process serves {data} already; the embedded database has room for one."""

    data: str


@dataclass(eq=False)
class SchemaOutdated(ServiceError):
    """The database has the tables of step {found}, this release needs {needed}: run 'countermand db upgrade'."""

    found: str
    needed: str


@dataclass(eq=False)
class NoSigningKey(ServiceError):
    """There is no signing.key in {home}, nor in {keys}: a signer needs the ledger's own key."""

    home: str
    keys: str


def _in_words(fact: object) -> str:
    """A fact as it stands in a message."""
    return "; ".join(map(str, fact)) if isinstance(fact, tuple) else str(fact)

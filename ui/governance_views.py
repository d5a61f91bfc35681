"""What the pages are told about who let a version of a model decide. Read as ``ui.views``."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerLine:
    """One of the four owners, and who signed for them."""

    words: str
    signer: str = ""  # "" while nobody has
    at: datetime | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One finding of the validation that counts."""

    id: str
    severity: str
    open: bool
    text: str  # "" where the record's texts cannot be read


@dataclass(frozen=True, slots=True, kw_only=True)
class ActLine:
    """One recorded act."""

    what: str
    who: str
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffView:
    """The newest version of a model, and what lets it be champion or is lacking."""

    name: str
    title: str
    version: str
    sha256: str
    champion: bool
    ready: bool
    standing: str
    owners: tuple[OwnerLine, ...]
    validation: str  # "" where there is none
    validation_id: str
    scope: str
    tests: tuple[tuple[str, str, bool], ...]  # name, result, whether it passed
    findings: tuple[FindingLine, ...]
    conditions: tuple[str, ...]
    acts: tuple[ActLine, ...]
    sign_for: str = ""  # the owner the viewer may sign for; "" for none
    sign_for_words: str = ""
    cannot: str = ""  # why the viewer may not sign just now


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingView:
    """What a version's routing would have meant on past cases; ``in_force``: it decides now."""

    name: str
    title: str
    version: str
    in_force: bool
    lines: tuple[str, ...]
    table: tuple[tuple[str, ...], ...]

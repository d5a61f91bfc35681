"""Everything that can go wrong with an erasure, a legal hold or a retention schedule.

ErasureError
  UnknownErasure
  ErasureOver
  ErasureChanged
  NothingToErase
  NotErased
  CaseStillOpen
  NotDueYet
  AskedYourself
  AddedSince
  GroundUnknown
  UnknownHold
  HoldOver
  ScheduleInvalid
  ErasureUnproven
"""

from dataclasses import dataclass

from overrides.errors import OverridesError


@dataclass(eq=False)
class ErasureError(OverridesError):
    """The erasure or the hold cannot be recorded as asked."""


@dataclass(eq=False)
class UnknownErasure(ErasureError):
    """There is no request for erasure {request_id}."""

    request_id: str


@dataclass(eq=False)
class ErasureOver(ErasureError):
    """Nothing waits here any more: the request was {standing}."""

    standing: str


@dataclass(eq=False)
class ErasureChanged(ErasureError):
    """What would go is not what was asked for any more: {what}."""

    what: str


@dataclass(eq=False)
class NothingToErase(ErasureError):
    """Nothing is recorded of it that can still be read."""


@dataclass(eq=False)
class NotErased(ErasureError):
    """There is no certificate, as nothing was erased: the request is {standing}."""

    standing: str


@dataclass(eq=False)
class CaseStillOpen(ErasureError):
    """Case {case_id} is still open: it must be decided or withdrawn before it can be erased."""

    case_id: str


@dataclass(eq=False)
class NotDueYet(ErasureError):
    """What is due on {as_of} cannot be erased before that day: ask again then."""

    as_of: str


@dataclass(eq=False)
class AskedYourself(ErasureError):
    """Whoever asked for an erasure cannot approve it: another person must."""


@dataclass(eq=False)
class AddedSince(ErasureError):
    """Whoever approves an erasure was there when it was asked for: another person must."""


@dataclass(eq=False)
class GroundUnknown(ErasureError):
    """The ground is none of {known}."""

    known: str


@dataclass(eq=False)
class UnknownHold(ErasureError):
    """There is no legal hold {hold_id}."""

    hold_id: str


@dataclass(eq=False)
class HoldOver(ErasureError):
    """The hold was lifted already."""


@dataclass(eq=False)
class ScheduleInvalid(ErasureError):
    """The retention schedule cannot be used: {problem}."""

    problem: str


@dataclass(eq=False)
class ErasureUnproven(ErasureError):
    """The file {file} calls something erased that this ledger knows nothing of, and is not believed: {why}. Nothing was erased by it. Keep it elsewhere as evidence to go on; what was erased in truth has to be asked for again."""

    file: str
    why: str

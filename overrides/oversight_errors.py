"""What can go wrong around first views and notices to staff: see ``overrides.errors``.

OversightError
  FirstViewMissing
  FirstViewNotAsked
  NoticeMissing
  NoticeAhead
  ShareUnchanged
"""

from dataclasses import dataclass

from overrides.errors import CaseError


@dataclass(eq=False)
class OversightError(CaseError):
    """It cannot be done under the oversight that is in force."""


@dataclass(eq=False)
class FirstViewMissing(OversightError):
    """Your own view of this case comes before its score and any earlier decision: record it as your first view, then go on."""

    case_id: str


@dataclass(eq=False)
class FirstViewNotAsked(OversightError):
    """No first view is asked of you on this case: you gave yours, know its score or its decision, or it was not drawn."""

    case_id: str


@dataclass(eq=False)
class NoticeMissing(OversightError):
    """The notice to staff about {practice} is not recorded: record it with 'countermand oversight notice', then switch it on."""

    practice: str


@dataclass(eq=False)
class NoticeAhead(OversightError):
    """The notice is dated {given_on}, which is still to come: record it once staff have had it."""

    given_on: str


@dataclass(eq=False)
class ShareUnchanged(OversightError):
    """The share of {practice} is {share} already."""

    practice: str
    share: str

"""What somebody wants to ask an applicant or heard from one, and why a case is opened again.

Read as strictly as the acts of ``act_requests``: every fault is named, no value is repeated.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

from decision_service.act_requests import VERSION_MAX, Members
from overrides.appeals import AppealForm
from overrides.information import InformationAnswer, InformationRequest
from overrides.taking_back import ReopeningForm, ReopeningReason

SOME_TIME = datetime.min.replace(tzinfo=UTC)


class Asked(Members):
    """The members of such a request."""

    def instant(self, name: str) -> datetime:
        """A time as RFC 3339 has it."""
        value = self._body.get(name)
        with suppress(ValueError, OverflowError):
            found = datetime.fromisoformat(value) if isinstance(value, str) else SOME_TIME
            if found.tzinfo is not None and found != SOME_TIME:
                return found.astimezone(UTC)
        self._fault(name, "Give a time with its zone, such as 2026-11-30T17:00:00Z.")
        return SOME_TIME

    def tells(self, name: str) -> bool:
        """Whether a member is there and says something."""
        return self._body.get(name) is not None

    def fields(self) -> Mapping[str, object]:
        """Fields of the application with their values; empty when left out."""
        value = self._body.get("fields")
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        self._fault("fields", "Give an object with a value for each field.")
        return {}

    def seen(self) -> int | None:
        """The version of the case that was looked at, None where it is left out."""
        return self.whole("seen_version", VERSION_MAX, required=False)


def read_request(body: object) -> InformationRequest:
    """What the applicant is asked, from parsed JSON; raises ``InvalidRequest``."""
    members = Asked(body, ("fields", "documents", "until", "note", "seen_version"))
    form = InformationRequest(
        fields=members.words("fields"),
        documents=members.words("documents"),
        until=members.instant("until"),
        note=members.note(),
        seen_version=members.seen(),
    )
    members.done()
    return form


def read_answer(body: object) -> tuple[InformationAnswer, Mapping[str, object]]:
    """What the applicant said, and the fields that came with it; raises ``InvalidRequest``."""
    members = Asked(body, ("fields", "evidence", "note", "seen_version"))
    fields = members.fields()
    form = InformationAnswer(
        fields=tuple(fields),
        evidence=members.evidence(),
        note=members.note(),
        seen_version=members.seen(),
    )
    members.done()
    return form, fields


def read_nothing(body: object) -> None:
    """A request that says nothing but by its address; raises ``InvalidRequest`` for members."""
    Asked(body if body is not None else {}, ()).done()


def read_reopening(body: object) -> ReopeningForm:
    """Why a case is opened again, from parsed JSON; raises ``InvalidRequest``."""
    members = Asked(body, ("reason", "note", "seen_version"))
    reason = members.choice("reason", ReopeningReason)
    form = ReopeningForm(
        reason=reason or ReopeningReason.OTHER, note=members.note(), seen_version=members.seen()
    )
    members.done()
    return form


def read_appeal(body: object) -> AppealForm:
    """What an applicant says against a decision; raises ``InvalidRequest``."""
    members = Asked(body, ("view", "evidence", "received_at", "seen_version"))
    form = AppealForm(
        view=members.note("view"),
        evidence=members.evidence(),
        received_at=members.instant("received_at") if members.tells("received_at") else None,
        seen_version=members.seen(),
    )
    members.done()
    return form

"""What held at a time past: who was champion, by which versions, who had which authority.

Read from the ledger's entries up to that time and from nothing else, so what was recorded later
changes no answer.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from decision_service.access import HOST
from decision_service.services import Services
from decision_service.standings import Standings
from overrides.event_kinds import BUNDLE_KINDS
from overrides.events import read_event
from overrides.instants import parse_instant
from overrides.journal import Event, VersionStamp

READ_AT_ONCE = 1_000
WHAT = "as of a time past"  # what the record says was looked at
PEOPLE_KINDS = ("person_added", "role_changed", "person_left")
NO_NEW_STATE = "active"
EXPIRED = "expired"


def as_of(services: Services, at: datetime, case_id: str = "") -> dict[str, Any]:
    """Everything as JSON; ``case_id`` adds the decision that stood on a case.

    That somebody looked at the case is recorded, as of any reading of what is about an applicant.
    """
    standings = Standings()
    for event in _until(services, at, BUNDLE_KINDS):
        standings = standings.after(event)
    told: dict[str, Any] = {
        "as_of": at.isoformat(),
        "champion": standings.champion or None,
        "bundles": [
            {
                "name": one.name,
                "status": one.status,
                "sha256": one.active.sha256,
                "model": _stamp(one.active.model),
                "policy": _stamp(one.active.policy),
                "codebook": _stamp(one.active.codebook),
            }
            for one in standings.all()
        ],
        "people": _people(services, at),
    }
    return told | ({"case": _case(services, at, case_id)} if case_id else {})


def _people(services: Services, at: datetime) -> list[dict[str, Any]]:
    """Everybody who had been added, with the authority they had.

    Authority that had run out by then is nobody's: they are ``expired``, unless locked or gone.
    """
    found: dict[str, dict[str, Any]] = {}
    for event in _until(services, at, PEOPLE_KINDS):
        told, ref = event.data, str(event.data["person"])
        if event.type == "person_left":
            found.setdefault(ref, {})["state"] = "left"
            continue
        state = {"locked": "locked", "unlocked": NO_NEW_STATE}.get(str(told.get("reason", "")))
        before = found.get(ref, {}).get("state", NO_NEW_STATE)
        found[ref] = {
            "role": told["role"],
            "branch": told["branch"],
            "limit_minor": told["limit_minor"],
            "currency": told["currency"],
            "valid_until": told.get("valid_until"),
            "state": state or before,
        }
    for one in found.values():
        until = one.get("valid_until")
        if one.get("state") == NO_NEW_STATE and until and parse_instant(until) <= at:
            one["state"] = EXPIRED
    names = services.people.names(found)
    return sorted(({"name": names[ref], **one} for ref, one in found.items()), key=_by_name)


def _by_name(person: dict[str, Any]) -> str:
    """The order of the list."""
    return str(person["name"])


def _case(services: Services, at: datetime, case_id: str) -> dict[str, Any] | None:
    """The decision that stood on a case and the state it was in; None before it was opened."""
    made = [one for one in services.cases.decisions(case_id) if one.made_at <= at]
    if not made:
        return None
    acts = [act for act in services.cases.acts(case_id) if act.at <= at]
    services.viewings.record(HOST, WHAT, case=case_id)
    last = made[-1]
    return {
        "case_id": case_id,
        "decision_id": last.decision_id,
        "recommendation": last.recommendation.value,
        "probability_of_bad": last.probability,
        "model": _stamp(last.model),
        "policy": _stamp(last.policy),
        "codebook": _stamp(last.codebook),
        "status": acts[-1].status.value if acts else last.status.value,
    }


def _until(services: Services, at: datetime, kinds: Sequence[str]) -> Iterator[Event]:
    """Entries of these kinds up to a time, oldest first."""
    after = -1
    while entries := services.ledger.changes(after, READ_AT_ONCE, kinds):
        after = entries[-1].seq
        for entry in entries:
            if entry.recorded_at > at:
                return
            yield read_event(entry.body)


def _stamp(stamp: VersionStamp | None) -> dict[str, str] | None:
    """Version and hash of a part."""
    return {"version": stamp.version, "sha256": stamp.sha256} if stamp else None

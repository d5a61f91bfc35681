"""Erasures as they are recorded: asked for, approved by somebody else, and carried out."""

from collections.abc import Sequence
from typing import Any

from overrides.erasing import RESTORED, Pair, pairs_root
from overrides.journal import Draft, Json
from overrides.values import NewId


def erasing(
    new_id: NewId,
    pairs: Sequence[Pair],
    *,
    inline: bool = True,
    asked_by: str = "carla",
    approved_by: str = "dora",
    subject: str = "",
    **members: Json,
) -> tuple[Draft, Draft, Draft]:
    """The request, the approval and the erasure of these parts; ``members`` are of the last one."""
    bound: dict[str, Json] = {
        "ground": "person_asked",
        "root": pairs_root(pairs),
        "count": len(pairs),
    }
    slots: Json = [list(pair) for pair in pairs] if inline else []
    wanted: dict[str, Json] = {"scope": "party", "classes": [], "schedule": "", "slots": slots}
    if subject:
        wanted["subject"] = subject
    asked = _draft(new_id, "erasure_requested", asked_by, {**bound, **wanted})
    of: dict[str, Json] = {"of": asked.event_id}
    approved = _draft(new_id, "erasure_approved", approved_by, {**bound, **of})
    done = {**bound, **of, "slots": slots, "approval": approved.event_id, **members}
    return asked, approved, _draft(new_id, "record_erased", approved_by, done)


def erased_again(new_id: NewId, pairs: Sequence[Pair]) -> tuple[Draft, Draft]:
    """What is recorded when a backup is put back that is older than an erasure."""
    data: dict[str, Json] = {
        "ground": RESTORED,
        "of": "01935018-b2f3-7abc-8def-0123456789ab",
        "slots": [list(pair) for pair in pairs],
        "root": pairs_root(pairs),
        "count": len(pairs),
    }
    erased = _draft(new_id, "record_erased", "host", data)
    return erased, _draft(new_id, "restore_performed", "host", {"from_size": 9})


def hold_set(new_id: NewId, *, case: str = "", subject: str = "") -> Draft:
    """A legal hold on a case or a party."""
    data: dict[str, Json] = {"ground": "litigation", "scope": "case" if case else "party"}
    if subject:
        data["subject"] = subject
    return _draft(new_id, "legal_hold_set", "carla", data, case)


def hold_lifted(new_id: NewId, hold: Draft) -> Draft:
    """The end of a hold."""
    data: dict[str, Json] = {"ground": "ended", "of": hold.event_id}
    return _draft(new_id, "legal_hold_lifted", "carla", data, hold.case or "")


def _draft(new_id: NewId, kind: str, actor: str, data: Any, case: str = "") -> Draft:
    """An entry without personal parts."""
    return Draft(
        event_id=new_id(), type=kind, actor=actor, role="compliance", case=case or None, data=data
    )

"""What of an application is about another party than the applicant, kept under that party's key.

An application may say of a party which of its fields are about them. Their values, and the reasons
made of them, lie in the party's own part and are put together with the rest when they are read, so
an erasure of one party takes them and leaves everything else.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from decision_service.applications import PARTIES_MAX
from overrides.errors import SlotErased

PARTY_SLOTS = tuple(f"party.{place}" for place in range(PARTIES_MAX))
FIELDS, MONITOR, REASONS = "fields", "monitor", "reasons"
SIDES = ("adverse", "favourable")

Payload = Mapping[str, Any]
Payloads = Mapping[str, Payload]


def without(payloads: Payloads, names: frozenset[str]) -> dict[str, Payload]:
    """The application's parts without what is made of these fields."""
    if not names:
        return dict(payloads)
    kept = {name: _without_fields(payload, names) for name, payload in payloads.items()}
    if kept.get(MONITOR) == {FIELDS: {}}:
        del kept[MONITOR]
    return kept


def about(payloads: Payloads, names: Sequence[str]) -> dict[str, Any]:
    """What of the application's parts is made of these fields; empty for no fields."""
    if not names:
        return {}
    inputs, chosen = payloads["inputs"], frozenset(names)
    monitor = payloads.get(MONITOR, {}).get(FIELDS, {})
    reasons = payloads.get("explanation", {}).get(REASONS, {})
    return {
        "names": list(names),
        FIELDS: _of(inputs[FIELDS], chosen),
        "context": _of(inputs["context"], chosen),
        "fields_meta": _of(inputs["fields_meta"], chosen),
        "warnings": [warning for warning in inputs["warnings"] if warning[0] in chosen],
        MONITOR: _of(monitor, chosen),
        REASONS: {
            side: [
                [place, reason]
                for place, reason in enumerate(reasons.get(side, ()))
                if chosen & set(reason["features"])
            ]
            for side in SIDES
        },
    }


def whole(opened: Mapping[str, Payload | SlotErased | None]) -> dict[str, Payload | None]:
    """An application's parts, put together with what the parties' own parts say of it.

    None for a part that is erased or never was; what an erased party's part said is missing.
    """
    parts = {name: None if isinstance(p, SlotErased) else p for name, p in opened.items()}
    theirs = [parts[slot] for slot in PARTY_SLOTS if parts.get(slot)]
    for party in theirs:
        assert party is not None
        if "application" in party:
            parts |= _joined(parts, party["application"])
    return parts


def _joined(parts: Mapping[str, Payload | None], theirs: Payload) -> dict[str, Payload]:
    """The parts with what is about one party put back."""
    joined: dict[str, Payload] = {}
    inputs, monitor = parts.get("inputs"), parts.get(MONITOR)
    explanation = parts.get("explanation")
    if inputs is not None:
        merged = {name: {**inputs[name], **theirs[name]} for name in (FIELDS, "context")}
        meta = {**inputs["fields_meta"], **theirs["fields_meta"]}
        warnings = [*inputs["warnings"], *theirs["warnings"]]
        joined["inputs"] = {**inputs, **merged, "fields_meta": meta, "warnings": warnings}
    if theirs[MONITOR]:
        joined[MONITOR] = {FIELDS: {**(monitor or {}).get(FIELDS, {}), **theirs[MONITOR]}}
    if explanation is not None:
        reasons = {
            side: _put_back(explanation[REASONS][side], theirs[REASONS][side]) for side in SIDES
        }
        joined["explanation"] = {**explanation, REASONS: reasons}
    return joined


def _put_back(kept: Sequence[Any], taken: Sequence[Sequence[Any]]) -> list[Any]:
    """Reasons in the order in which they were made, as far as they can be read."""
    reasons = list(kept)
    for place, reason in taken:
        reasons.insert(place, reason)
    return reasons


def _without_fields(payload: Payload, names: frozenset[str]) -> Payload:
    """One part without what is made of these fields."""
    rest = dict(payload)
    for member in (FIELDS, "context", "fields_meta"):
        if member in rest:
            rest[member] = {k: v for k, v in rest[member].items() if k not in names}
    if "warnings" in rest:
        rest["warnings"] = [warning for warning in rest["warnings"] if warning[0] not in names]
    if REASONS in rest:
        rest[REASONS] = {
            side: [reason for reason in reasons if not names & set(reason["features"])]
            for side, reasons in rest[REASONS].items()
        }
    return rest


def _of(values: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """Those of the values that have one of these names."""
    return {name: value for name, value in values.items() if name in names}

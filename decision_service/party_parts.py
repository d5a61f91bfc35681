"""What of an application is about another party than the applicant, kept under that party's key.

An application may say of a party which of its fields are about them. Their values, what each of
them pushes the score by, and the reasons made of them lie in the party's own part. They are put
together with the rest when they are read, so an erasure of one party takes them and nothing else.

A reason with values of several parties in its words lies with none of them alone: each has a share,
random to whoever lacks one of the others, so an erasure of any of them takes the reason.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from decision_service.applications import PARTIES_MAX
from overrides.canonical import canonical, read_canonical
from overrides.errors import SlotErased

PARTY_SLOTS = tuple(f"party.{place}" for place in range(PARTIES_MAX))
FIELDS, MONITOR, REASONS, PUSHES = "fields", "monitor", "reasons", "contributions"
SURPRISES = "surprises"  # concepts; a reason says of itself too that it is one
SIDES = ("adverse", "favourable")
SHARES = "shares"  # by side: the place of a reason, how many have a share of it, and this one
SECRET_BYTES = 32

Payload = Mapping[str, Any]
Payloads = Mapping[str, Payload]


def split(
    payloads: Payloads, parties: Sequence[Sequence[str]], secret: bytes
) -> tuple[dict[str, Payload], list[dict[str, Any]]]:
    """The application's parts without what is about others, and what is about each of those.

    ``parties`` are the fields that are about each, none for one with whom nothing lies apart.
    ``secret`` is what shares are drawn from; it is kept nowhere.
    """
    if not any(parties):
        return dict(payloads), [{} for _ in parties]
    chosen = [frozenset(names) for names in parties]
    every = frozenset().union(*chosen)
    own, theirs = without(payloads, every), [about(payloads, names) for names in parties]
    reasons = payloads.get("explanation", {}).get(REASONS, {})
    for side in SIDES:
        for place, reason in enumerate(reasons.get(side, ())):
            features = set(reason["features"])
            sharing = [part for part, names in zip(theirs, chosen, strict=True) if features & names]
            if sharing and features - every:
                own["explanation"] = explanation = {**own["explanation"]}
                sharing.append(explanation)
            if len(sharing) > 1:
                drawn = _shares(canonical(reason), len(sharing), secret, f"{side}\0{place}")
                for part, share in zip(sharing, drawn, strict=True):
                    line = [place, len(sharing), share.hex()]
                    shared = part.get(SHARES, {})
                    part[SHARES] = {**shared, side: [*shared.get(side, ()), line]}
    return own, theirs


def _shares(text: bytes, count: int, secret: bytes, label: str) -> list[bytes]:
    """So many shares of a text: all of them together are the text, and fewer say nothing of it."""
    assert len(secret) == SECRET_BYTES, "shares are drawn from a secret"
    shares = [
        hashlib.shake_256(secret + f"{label}\0{number}".encode()).digest(len(text))
        for number in range(count - 1)
    ]
    return [*shares, _together([text, *shares])]


def _together(texts: Sequence[bytes]) -> bytes:
    """Texts of one length laid over one another (exclusive or)."""
    size, over = len(texts[0]), 0
    for text in texts:
        over ^= int.from_bytes(text)
    return over.to_bytes(size)


def without(payloads: Payloads, names: frozenset[str]) -> dict[str, Payload]:
    """The application's parts without what is made of these fields."""
    if not names:
        return dict(payloads)
    kept = {name: _without_fields(payload, names) for name, payload in payloads.items()}
    if kept.get(MONITOR) == {FIELDS: {}}:
        del kept[MONITOR]
    return kept


def about(payloads: Payloads, names: Sequence[str]) -> dict[str, Any]:
    """What of the application's parts is made of these fields alone; empty for no fields."""
    if not names:
        return {}
    inputs, chosen = payloads["inputs"], frozenset(names)
    monitor = payloads.get(MONITOR, {}).get(FIELDS, {})
    explanation = payloads.get("explanation", {})
    reasons, pushes = explanation.get(REASONS, {}), explanation.get(PUSHES, ())
    return {
        "names": list(names),
        FIELDS: _of(inputs[FIELDS], chosen),
        "context": _of(inputs["context"], chosen),
        "fields_meta": _of(inputs["fields_meta"], chosen),
        "warnings": [warning for warning in inputs["warnings"] if warning[0] in chosen],
        MONITOR: _of(monitor, chosen),
        PUSHES: [[place, push] for place, push in enumerate(pushes) if push[0] in chosen],
        REASONS: {
            side: [
                [place, reason]
                for place, reason in enumerate(reasons.get(side, ()))
                if reason["features"] and chosen >= set(reason["features"])
            ]
            for side in SIDES
        },
    }


def whole(opened: Mapping[str, Payload | SlotErased | None]) -> dict[str, Payload | None]:
    """An application's parts, put together with what the parties' own parts say of it.

    None for a part that is erased or never was; what an erased party's part said is missing.
    """
    parts = {name: None if isinstance(p, SlotErased) else p for name, p in opened.items()}
    theirs = _apart(opened)
    for party in theirs:
        parts |= _joined(parts, party)
    explanation = parts.get("explanation")
    if explanation is not None and (theirs or SHARES in explanation):
        parts["explanation"] = _explained(explanation, theirs)
    return parts


def concepts_apart(opened: Mapping[str, Payload | SlotErased | None]) -> frozenset[str]:
    """The concepts whose reasons lie with another party than the applicant, or with several."""
    theirs, explanation = _apart(opened), opened.get("explanation")
    readable = {} if explanation is None or isinstance(explanation, SlotErased) else explanation
    return frozenset(
        reason["concept"]
        for side in SIDES
        for party in [*(party[REASONS][side] for party in theirs), _shared(side, readable, theirs)]
        for _, reason in party
    )


def fields_apart(opened: Mapping[str, Payload | SlotErased | None]) -> frozenset[str]:
    """The fields that are about another party than the applicant."""
    return frozenset(name for party in _apart(opened) for name in party["names"])


def _apart(opened: Mapping[str, Payload | SlotErased | None]) -> list[Payload]:
    """What of an application lies in its parties' own parts, as far as it can be read."""
    parts = [opened.get(slot) for slot in PARTY_SLOTS]
    return [
        part["application"]
        for part in parts
        if part is not None and not isinstance(part, SlotErased) and "application" in part
    ]


def _joined(parts: Mapping[str, Payload | None], theirs: Payload) -> dict[str, Payload]:
    """The parts with what is about one party put back."""
    joined: dict[str, Payload] = {}
    inputs, monitor = parts.get("inputs"), parts.get(MONITOR)
    if inputs is not None:
        merged = {name: {**inputs[name], **theirs[name]} for name in (FIELDS, "context")}
        meta = {**inputs["fields_meta"], **theirs["fields_meta"]}
        warnings = [*inputs["warnings"], *theirs["warnings"]]
        joined["inputs"] = {**inputs, **merged, "fields_meta": meta, "warnings": warnings}
    if theirs[MONITOR]:
        joined[MONITOR] = {FIELDS: {**(monitor or {}).get(FIELDS, {}), **theirs[MONITOR]}}
    return joined


def _explained(explanation: Payload, theirs: Sequence[Payload]) -> Payload:
    """The explanation with the reasons and pushes of every party put back."""
    reasons = {
        side: _put_back(
            explanation[REASONS][side],
            [*(party[REASONS][side] for party in theirs), _shared(side, explanation, theirs)],
        )
        for side in SIDES
    }
    # Records of the first releases kept every push with the applicant's own.
    taken = [party.get(PUSHES, ()) for party in theirs]
    pushes = _put_back(explanation.get(PUSHES, ()), taken)
    kept = {name: part for name, part in explanation.items() if name != SHARES}
    if SURPRISES in kept:
        told = [one for side in SIDES for one in reasons[side] if one.get("counter_intuitive")]
        kept[SURPRISES] = list(dict.fromkeys([*kept[SURPRISES], *(r["concept"] for r in told)]))
    return {**kept, REASONS: reasons, PUSHES: pushes}


def _shared(side: str, explanation: Payload, theirs: Sequence[Payload]) -> list[list[Any]]:
    """The reasons of one side of which every share can be read, with their places."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for part in (explanation, *theirs):
        for place, count, share in part.get(SHARES, {}).get(side, ()):
            found.setdefault((place, count), []).append(bytes.fromhex(share))
    return [
        [place, read_canonical(_together(shares))]
        for (place, count), shares in found.items()
        if len(shares) == count
    ]


def _put_back(kept: Sequence[Any], taken: Sequence[Sequence[Sequence[Any]]]) -> list[Any]:
    """A list in the order in which it was made, as far as it can be read.

    In records of the first releases what is about two parties lies with both; it is put back once.
    """
    together, places = list(kept), {place: one for party in taken for place, one in party}
    for place, one in sorted(places.items(), key=lambda pair: pair[0]):
        together.insert(place, one)
    return together


def _without_fields(payload: Payload, names: frozenset[str]) -> Payload:
    """One part without what is made of these fields."""
    rest = dict(payload)
    for member in (FIELDS, "context", "fields_meta"):
        if member in rest:
            rest[member] = {k: v for k, v in rest[member].items() if k not in names}
    if "warnings" in rest:
        rest["warnings"] = [warning for warning in rest["warnings"] if warning[0] not in names]
    if PUSHES in rest:
        rest[PUSHES] = [push for push in rest[PUSHES] if push[0] not in names]
    if SURPRISES in rest:
        reasons = [reason for side in SIDES for reason in rest[REASONS][side]]
        about_each = {reason["concept"]: names & set(reason["features"]) for reason in reasons}
        # Of one that no reason tells of it is not known whom it is about: it is let go.
        rest[SURPRISES] = [name for name in rest[SURPRISES] if not about_each.get(name, names)]
    if REASONS in rest:
        rest[REASONS] = {
            side: [reason for reason in reasons if not names & set(reason["features"])]
            for side, reasons in rest[REASONS].items()
        }
    return rest


def _of(values: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """Those of the values that have one of these names."""
    return {name: value for name, value in values.items() if name in names}

"""Erasures put into words, the same for pages and for commands."""

from collections.abc import Iterator, Mapping

from decision_service.erasure_certificate import Certificate
from overrides.erasing import GROUND_WORDS, HOLD_GROUNDS, Request, Scope, Standing, Why
from overrides.instants import instant_text
from ui.words import count_words, day_words, instant_words

CLASS_WORDS: Mapping[str, str] = {
    "application": "the application, its explanation and what was shown of it",
    "monitoring": "protected attributes kept for monitoring",
    "notes": "notes and evidence",
}
PART_WORDS: Mapping[str, str] = {
    "inputs": "Application as sent",
    "explanation": "Explanation",
    "monitor": "Protected attributes",
    "party": "Reference of party",
    "shown": "What was shown",
    "note": "Note",
    "evidence": "Evidence",
    "terms": "Terms",
}
STANDING_WORDS: Mapping[Standing, str] = {
    Standing.WAITING: "Waits for a second person",
    Standing.ERASED: "Erased",
    Standing.REFUSED: "Refused",
}
STAYS = (
    "The entries: codes, amounts, scores, decisions, times and random references.",
    "The score and the order of its reasons: who has the model may infer something from them.",
    "A commitment for each part that went: a keyed hash whose key went with the part.",
    "A keyed reference of each party, found again only with the installation's lookup key.",
)
NOT_REACHED = (
    "A copy of the keys folder made before, which opens a backup of its time: destroy such copies.",
    "What was exported, printed or copied out before, by whomever.",
    "What a file system or a disk keeps of files that were written over.",
)


def what_words(request: Request) -> str:
    """What a request is about."""
    target = request.target
    if target.scope is Scope.SCHEDULE:
        day = day_words(target.as_of) if target.as_of else ""
        return f"Everything due under the retention schedule on {day}"
    if target.scope is Scope.RESTORE:
        return "What had been erased before an older backup was put back"
    return whose_words(target.subject, target.case)


def whose_words(subject: str, case: str) -> str:
    """A party, a case, or a party of a case."""
    party = f"party {subject[:12]}" if subject else ""
    if case:
        return f"{party.capitalize()} in case {case}" if party else f"Case {case}"
    return f"All that is recorded of {party}"


def part_words(slot: str) -> str:
    """A part of an entry."""
    stem, _, number = slot.partition(".")
    words = PART_WORDS.get(stem, stem)
    return f"{words} {int(number) + 1}" if number.isdecimal() else words


def ground_words(code: str) -> str:
    """A ground in words; one of a law is its own words."""
    return GROUND_WORDS.get(code) or HOLD_GROUNDS.get(code) or code


def refusal_words(request: Request) -> str:
    """Why a request was refused; "" for one that was not."""
    until = f", until {day_words(request.kept_until)}" if request.kept_until else ""
    return {
        Why.HOLD.value: f"A legal hold keeps it: {ground_words(request.refusal_ground).lower()}.",
        Why.KEPT_BY_LAW.value: f"The law keeps it: {request.refusal_ground}{until}.",
        Why.DECLINED.value: "The second person said no.",
        Why.TAKEN_BACK.value: "Whoever asked took it back.",
    }.get(request.why, "")


def request_lines(request: Request, names: Mapping[str, str]) -> Iterator[str]:
    """A request for the command line."""
    yield f"request    {request.request_id}"
    yield f"standing   {STANDING_WORDS[request.standing]}"
    if refused := refusal_words(request):
        yield f"why        {refused}"
    yield f"what       {what_words(request)}"
    for record_class in request.target.classes:
        yield f"           {CLASS_WORDS[record_class]}"
    yield f"parts      {request.count}"
    yield f"root       {request.root}"
    yield f"ground     {ground_words(request.ground)}"
    if request.schedule:
        yield f"schedule   {request.schedule} (countermand erase due names the one in force)"
    asked = names.get(request.asked_by, request.asked_by)
    yield f"asked by   {asked}, {instant_text(request.asked_at)}, entry {request.seq}"
    if request.settled_at is not None:
        settled = names.get(request.settled_by, request.settled_by)
        yield f"settled by {settled}, {instant_text(request.settled_at)}"
    if request.erased_seq is not None:
        yield f"erased     entry {request.erased_seq}, {request.destroyed} keys destroyed"


def as_text(made: Certificate) -> Iterator[str]:
    """A certificate to be printed."""
    request = made.request
    yield f"CERTIFICATE OF ERASURE, ledger {made.log}"
    yield ""
    yield f"{what_words(request)}: {count_words(request.count)} parts."
    for record_class in request.target.classes:
        yield f"  {CLASS_WORDS[record_class]}"
    law = f" ({made.law})" if made.law else ""
    yield f"Ground: {made.ground}{law}."
    yield f"Destroyed: {count_words(request.destroyed)} data keys, with all they locked."
    yield f"Root of the list of parts: {request.root}"
    yield ""
    for place in made.places:
        yield f"{place.what}: {place.who}, {instant_words(place.at)} UTC, entry {place.seq}"
        yield f"  leaf hash {place.leaf_hash}"
    yield key_words(made)
    yield covered_words(made)
    yield ""
    yield "Parts, by entry:"
    for seq, kind, slot in made.parts:
        yield f"  entry {seq} ({kind}): {slot}"
    if len(made.parts) < request.count:
        yield f"  and {count_words(request.count - len(made.parts))} more, bound by the root above"
    yield ""
    yield "What stays:"
    yield from (f"  {line}" for line in STAYS)
    yield "What this does not reach:"
    yield from (f"  {line}" for line in NOT_REACHED)
    if made.sets:
        yield "Feedback sets made before that may hold some of it, to be deleted where they went:"
    for one in made.sets:
        here = ", its rows here are taken away" if one.here else ""
        yield f"  {one.folder}, made by {one.who} on {day_words(one.at)}, entry {one.seq}{here}"
    if made.exports:
        yield "Exports of the ledger made before that opened parts for a reader:"
    for place in made.exports:
        yield f"  {place.what}, {place.who} on {day_words(place.at)}, entry {place.seq}"
    yield ""
    issued = f"Issued {instant_words(made.issued_at)} UTC"
    yield f"{issued} from what the ledger and the keys folder show."


def key_words(made: Certificate) -> str:
    """What became of the keys that could open older copies."""
    gone = made.key_destroyed
    if gone is None:
        return (
            "Copies of the data keys made before could still be opened: the key above them is not "
            "destroyed yet, or something that went lies here again."
        )
    return (
        f"The key that opened older copies of the data keys was replaced on "
        f"{instant_words(gone.at)} UTC, entry {count_words(gone.seq)}, and is destroyed."
    )


def covered_words(made: Certificate) -> str:
    """Which signature vouches for it."""
    if made.covered_by is None or made.covered_at is None:
        return "No signed checkpoint covers it yet."
    return (
        f"The signed checkpoint over {count_words(made.covered_by)} entries of "
        f"{instant_words(made.covered_at)} UTC covers it."
    )


def as_members(made: Certificate) -> dict[str, object]:
    """A certificate as JSON."""
    request = made.request
    return {
        "log": made.log,
        "request": request.request_id,
        "what": what_words(request),
        "classes": list(request.target.classes),
        "ground": request.ground,
        "law": made.law,
        "root": request.root,
        "parts": [{"seq": seq, "kind": kind, "slot": slot} for seq, kind, slot in made.parts],
        "count": request.count,
        "destroyed": request.destroyed,
        "places": [
            {
                "what": place.what,
                "seq": place.seq,
                "at": instant_text(place.at),
                "who": place.who,
                "leaf_hash": place.leaf_hash,
            }
            for place in made.places
        ],
        "key_destroyed_at_entry": made.key_destroyed.seq if made.key_destroyed else None,
        "covered_by": made.covered_by,
        "checkpoint": made.checkpoint,
        "stays": list(STAYS),
        "not_reached": list(NOT_REACHED),
        "exports": [{"what": place.what, "seq": place.seq} for place in made.exports],
        "sets": [{"folder": s.folder, "seq": s.seq, "here": s.here} for s in made.sets],
        "issued_at": instant_text(made.issued_at),
    }

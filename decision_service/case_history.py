"""What happened to a case, line by line, newest first, in words."""

from collections.abc import Callable, Mapping
from datetime import date

from decision_service import wording
from decision_service.appeal_words import contested_words
from decision_service.authority_words import needs_words
from decision_service.decision_object import FAILURE_TEXTS
from decision_service.dossier import Dossier
from decision_service.first_view_words import CONFIDENCE_WORDS, FIRST_VIEW_WORDS
from decision_service.ledger_words import kind_words
from decision_service.rescore_words import before_words, replaced
from decision_service.urgency_words import ASIDE_WORDS, HANDED_WORDS, REFERRED_WORDS
from decision_service.waiting_words import REOPENED_WORDS, field_label, undone
from overrides.acts import CHANGED
from overrides.appeals import is_appeal
from overrides.countering import LAPSED, REFUSED
from overrides.first_views import View
from overrides.information import NO_ANSWER
from overrides.instants import parse_instant
from overrides.note_hints import Hint
from overrides.reading import ActRow, DecisionRow
from overrides.values import Decision, OverrideSide, Verdict
from ui import words
from ui.note_hints import HINT_WORDS
from ui.views import Act

Details = list[tuple[str, str]]
Writer = Callable[[Dossier, ActRow], tuple[str, Details]]

EVIDENCE_WORDS = dict(words.EVIDENCE_TYPES)
WITHDRAWN_WORDS = {
    "applicant_withdrew": "The applicant withdrew.",
    "duplicate": "It was a duplicate.",
    "entered_in_error": "It was entered in error.",
    REFUSED: "The applicant refused the terms that were offered.",
    LAPSED: "The offer ran out without an answer.",
}
RELEASED_WORDS = {
    "given_back": "Given back.",
    "left": "Freed because the holder left.",
    "locked": "Freed because the holder was locked out.",
    "taken_back": "Taken back by whoever leads the team.",
}


def history(dossier: Dossier) -> tuple[Act, ...]:
    """Every act on the case and every erasure from it, newest first."""
    acts = [_line(dossier, act) for act in dossier.acts]
    taken = [
        Act(
            at=took.at,
            title=kind_words("record_erased"),
            who=dossier.name(took.actor),
            text=f"{words.count_words(took.parts)} personal parts went for good.",
            details=(),
            seq=took.seq,
            simulated=False,
        )
        for took in dossier.erasures
    ]
    return tuple(sorted((*acts, *taken), key=lambda act: act.seq, reverse=True))


def _line(dossier: Dossier, act: ActRow) -> Act:
    """One act."""
    text, details = _WRITERS.get(act.type, _plain)(dossier, act)
    evidence = [
        (EVIDENCE_WORDS.get(item["type"], item["type"]), _reference(item))
        for item in dossier.evidence(act.event_id)
    ]
    note = dossier.note(act.event_id)
    return Act(
        at=act.at,
        title=kind_words(act.type),
        who=dossier.name(act.actor),
        text=text,
        details=(*details, *evidence, *([("Note", note)] if note else []), *_hinted(dossier, act)),
        seq=act.seq,
        simulated=act.simulated,
    )


def _hinted(dossier: Dossier, act: ActRow) -> Details:
    """What the hints found in the note, in words."""
    found = [HINT_WORDS[Hint(hint)] for hint in dossier.hints(act.event_id)]
    return [("Hints about the note", " ".join(found))] if found else []


def _reference(item: Mapping[str, str | None]) -> str:
    """Where a piece of evidence lies, and the hash of the file where it was given."""
    sha256 = item.get("sha256")
    return f"{item['reference']} (SHA-256 {sha256})" if sha256 else str(item["reference"])


def _plain(_dossier: Dossier, _act: ActRow) -> tuple[str, Details]:
    """An act whose title says it all."""
    return "", []


def _made(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """A score with its advice."""
    row = dossier.decisions.get(act.event_id)
    if row is None or row.probability is None:
        return "", []
    cuts = (float(cut) for cut in (row.approve_up_to, row.decline_above) if cut is not None)
    chance = words.score_words(float(row.probability), *cuts)
    text = f"Probability of bad by the model: {chance}. Recommendation: {row.recommendation.value}."
    return text, _replaced(dossier, row)


def _failed(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """An application without a score."""
    row = dossier.decisions.get(act.event_id)
    cause = row.failure if row and row.failure else ""
    said = FAILURE_TEXTS.get(cause, "There is no score.")
    return said, _replaced(dossier, row) if row else []


def _replaced(dossier: Dossier, row: DecisionRow) -> Details:
    """Which decision this one took the place of, if any."""
    before = replaced(dossier, row)
    return [("Replaced", before_words(before))] if before else []


def _claimed(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """A lease."""
    return "", [("Held by", dossier.name(act.data["person"]))]


def _released(_dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """A lease given back."""
    return RELEASED_WORDS.get(act.data["why"], ""), []


def _passed(words_of: Mapping[str, str]) -> Writer:
    """A case passed on: why, to whom and until when."""

    def told(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
        details = [("Held by", dossier.name(act.data["to"]))] if act.data.get("to") else []
        if act.data.get("until"):
            until = words.instant_words(parse_instant(act.data["until"]))
            details.append(("Until", f"{until} UTC"))
        why = words_of.get(act.data["reason"], act.data["reason"])
        return f"{why[:1].upper()}{why[1:]}.", details

    return told


def _shown(_dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """What was on the page."""
    return f"{act.data['count']} reasons stood on the page.", []


def _questioned(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """A reason that surprised somebody."""
    return f"{dossier.concept_title(act.data['concept'])}.", []


def _tried(_dossier: Dossier, _act: ActRow) -> tuple[str, Details]:
    """Other values scored for a look."""
    return "A try: nothing of the case changed.", []


def _first_view(_dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """What somebody thought before the score was shown to them."""
    said = FIRST_VIEW_WORDS[View(act.data["view"])]
    how_sure = CONFIDENCE_WORDS[act.data["confidence"]]
    return f"Before seeing the score: {said.lower()}.", [("How sure", how_sure)]


def _reviewed(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """A decision that does not contradict the recommendation."""
    done = wording.DONE_WORDS[Decision(act.data["decision"])].capitalize()
    how = "agreeing with the model" if act.data["agrees"] else "where the model leaves it open"
    return f"{done}, {how}.", _reasons(dossier, act)


def _overridden(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """A decision against the recommendation."""
    data = act.data
    details = [
        ("From", f"{data['from']} to {data['to']}"),
        ("Reason", f"{data['code']} {dossier.code_label(data['code'])}".strip()),
        *_reasons(dossier, act),
    ]
    if data["needs"]:
        details.append(("Second person", needs_words(data["needs"], data["needs_why"])))
    return wording.SIDE_WORDS[OverrideSide(data["side"])], details


def _to_review(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """The day on which an override is looked at again."""
    day = words.day_words(date.fromisoformat(act.data["on"]))
    code = act.data["code"]
    return f"By {day}.", [("Reason", f"{code} {dossier.code_label(code)}".strip())]


def _approved(_dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """A second person's verdict."""
    return f"The proposed override was {wording.VERDICT_WORDS[Verdict(act.data['verdict'])]}.", []


def _countered(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """Other terms."""
    data = act.data
    said = "The score passes on these terms: a change of terms, and no override."
    if data["side"]:
        said = "The score fails on these terms as well: an override."
    details = [("Terms", ", ".join(field_label(dossier, name) for name in data["fields"]))]
    details.append(("Stands", f"{data['days']} days"))
    return said, [*details, *_reasons(dossier, act)]


def _corrected(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """A corrected application."""
    data = act.data
    labels = ", ".join(field_label(dossier, name) for name in data["fields"])
    return "Scored again with the corrected values.", [
        ("Corrected", labels),
        ("Recommendation", f"{data['from']} before, {data['to']} after"),
    ]


def _decided(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """The end of the case; one that was undone says so."""
    done = wording.DONE_WORDS[Decision(act.data["decision"])].capitalize()
    taken_back = " Undone." if undone(dossier, act.event_id) else ""
    if act.data["terms"] == CHANGED:
        return f"{done} on the terms that were offered: the applicant accepted.{taken_back}", []
    by = "a person" if act.data["by"] == "person" else "policy"
    return f"{done} by {by}.{taken_back}", []


def _asked(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """What the applicant was asked for."""
    wanted = [field_label(dossier, name) for name in act.data.get("fields", ())]
    wanted += [EVIDENCE_WORDS.get(kind, kind) for kind in act.data.get("documents", ())]
    details = [("Asked for", "; ".join(wanted))] if wanted else []
    if act.data.get("until"):
        until = words.instant_words(parse_instant(act.data["until"]))
        details.append(("Until", f"{until} UTC"))
    return "The case waits for the applicant.", details


def _heard(dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """What came of it."""
    came = [field_label(dossier, name) for name in act.data.get("fields", ())]
    details = [("Stated again", "; ".join(came))] if came else []
    if act.data.get("target_at"):
        target = words.instant_words(parse_instant(act.data["target_at"]))
        details.append(("Service target", f"{target} UTC"))
    return "The applicant answered.", details


def _reopened(_dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """An end taken back."""
    if act.data.get("of"):
        return "The decision before this was undone by whoever made it, within a minute.", []
    if is_appeal(act):
        return contested_words(act), []
    why = REOPENED_WORDS.get(act.data["reason"], act.data["reason"])
    return f"{why}.", []


def _expired(_dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """A case that ran out."""
    unanswered = act.data["reason"] == NO_ANSWER
    if unanswered:
        return "No answer came in time: closed as incomplete.", []
    return WITHDRAWN_WORDS.get(act.data["reason"], ""), []


def _withdrawn(_dossier: Dossier, act: ActRow) -> tuple[str, Details]:
    """The application went no further."""
    return WITHDRAWN_WORDS.get(act.data["reason"], ""), []


def _reasons(dossier: Dossier, act: ActRow) -> Details:
    """The reasons a person named for the applicant."""
    titles = [dossier.concept_title(concept) for concept in act.data.get("concepts", ())]
    return [("Reasons named", "; ".join(titles))] if titles else []


_WRITERS: Mapping[str, Writer] = {
    "decision_made": _made,
    "decision_failed": _failed,
    "case_claimed": _claimed,
    "case_released": _released,
    "case_escalated": _passed(REFERRED_WORDS),
    "case_handed_over": _passed(HANDED_WORDS),
    "case_snoozed": _passed(ASIDE_WORDS),
    "reasons_shown": _shown,
    "reason_questioned": _questioned,
    "what_if_tried": _tried,
    "first_view_recorded": _first_view,
    "review_recorded": _reviewed,
    "override_recorded": _overridden,
    "approval_recorded": _approved,
    "review_date_set": _to_review,
    "counter_offered": _countered,
    "input_corrected": _corrected,
    "case_decided": _decided,
    "case_withdrawn": _withdrawn,
    "case_reopened": _reopened,
    "case_expired": _expired,
    "information_requested": _asked,
    "information_received": _heard,
}

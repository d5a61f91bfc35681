"""What pages and the interface say of an appeal."""

from typing import Any

from decision_service.dossier import Dossier
from decision_service.wording import DONE_WORDS
from overrides.appeal_rules import APPEAL_RULES, PROPOSED_RULES, AppealRules
from overrides.appeals import AppealOutcome, AppealResult, appeals_in
from overrides.instants import instant_text, parse_instant
from overrides.reading import ActRow
from overrides.values import Decision
from ui import words
from ui.appeal_views import AppealTold

EVIDENCE_WORDS = dict(words.EVIDENCE_TYPES)
RESULT_WORDS = {
    AppealResult.UPHELD: "Decided again on {at} UTC: the decision is the same.",
    AppealResult.CHANGED: "Decided again on {at} UTC: it is another decision.",
    AppealResult.ENDED: "The application ended on {at} UTC before it was decided again.",
}


def rule_words(rules: AppealRules) -> str:
    """How long an answer may take, and who says so."""
    whose = "by law" if rules.by_law else "by our own rule"
    return f"It is answered within {rules.days} calendar days, {whose}: {rules.source.rstrip('.')}."


def appeal_told(dossier: Dossier) -> AppealTold | None:
    """The latest appeal of a case, with what it came to; None where there was none."""
    found = appeals_in(dossier.acts)
    if not found:
        return None
    latest = found[-1]
    told, act = latest.entry.data["appeal"], latest.entry
    received = words.instant_words(parse_instant(told["received_at"]))
    return AppealTold(
        said=dossier.note(act.event_id),
        evidence=tuple(
            f"{EVIDENCE_WORDS.get(item['type'], item['type'])}: {item['reference']}"
            for item in dossier.evidence(act.event_id)
        ),
        received_words=f"Received on {received} UTC.",
        answer_words=_answer_words(act),
        result_words=result_words(latest),
    )


def result_words(outcome: AppealOutcome) -> str:
    """What an appeal came to; "" while it is open."""
    if outcome.closed is None:
        return ""
    return RESULT_WORDS[outcome.result].format(at=words.instant_words(outcome.closed.at))


def contested_words(act: ActRow) -> str:
    """An appeal for the history of a case."""
    told = act.data["appeal"]
    first = DONE_WORDS[Decision(told["decision"])]
    return f"The applicant contests the decision ({first}). {_answer_words(act)}"


def appeal_object(outcome: AppealOutcome, said: str | None, brought: list[Any]) -> dict[str, Any]:
    """An appeal for the interface, with what was said: null once that is erased.

    The first decision is not in it, as it is hidden from whoever is to decide again.
    """
    members, closed = outcome.entry.data["appeal"], outcome.closed
    return {
        "event_id": outcome.entry.event_id,
        "received_at": members["received_at"],
        "answer_by": members["answer_by"],
        "by_law": members["by_law"],
        "rules": members["rules"],
        "view": said,
        "evidence": brought,
        "result": outcome.result.value,
        "decided_at": instant_text(closed.at) if closed else None,
    }


def _answer_words(act: ActRow) -> str:
    """By when the applicant is to have an answer, and who says so."""
    told = act.data["appeal"]
    until = words.instant_words(parse_instant(told["answer_by"]))
    known = (rules for rules in (*APPEAL_RULES, PROPOSED_RULES) if rules.name == told["rules"])
    source = next((rules.source.rstrip(".") for rules in known), told["rules"])
    whose = "by law" if told["by_law"] else "by our own rule"
    return f"An answer is due by {until} UTC, {whose}: {source}."

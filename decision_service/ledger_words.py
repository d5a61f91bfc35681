"""Ledger entries put into words: a title per kind and one line on what an entry says.

Only the open part of an entry is read, so the words stay the same after an erasure; the names of
people come from the list of people.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from decision_service import wording
from decision_service.authority_words import needs_words
from decision_service.decision_object import FAILURE_TEXTS
from overrides.erasing import GROUND_WORDS, HOLD_GROUNDS, LIFT_GROUNDS
from overrides.event_kinds import BUNDLE_KINDS, SCORE_ONLY
from overrides.information import NO_ANSWER
from overrides.signing_off import TITLES
from overrides.values import Decision, OverrideSide, Role, Verdict
from ui.words import ENTRY_WORDS, ROLE_WORDS, count_words, score_words

Data = Mapping[str, Any]
NO_ROLE_CHANGE = {"locked": "locked out", "unlocked": "let in again"}

KIND_WORDS = dict(ENTRY_WORDS)


def kind_words(kind: str) -> str:
    """The kind's title; an unknown kind by its own name."""
    return KIND_WORDS.get(kind, kind.replace("_", " ").capitalize())


def _scored(data: Data) -> str:
    """A decision made by model and policy."""
    cuts = (float(data["approve_up_to"]), float(data["decline_above"]))
    chance = score_words(float(data["probability"]), *cuts)
    return f"Probability of bad by the model: {chance}. Recommendation: {data['recommendation']}."


def _failed(data: Data) -> str:
    """An application nobody could score."""
    return FAILURE_TEXTS.get(data["cause"], "There is no score.")


def _reviewed(data: Data) -> str:
    """A decision that does not contradict the recommendation."""
    done = wording.DONE_WORDS[Decision(data["decision"])]
    how = "agreeing with the recommendation" if data["agrees"] else "the model left it to a person"
    return f"{done.capitalize()}: {how}."


def _overridden(data: Data) -> str:
    """A proposed or effective override."""
    side = OverrideSide(data["side"])
    line = f"{side.trade_word.capitalize()}, from {data['from']} to {data['to']}, {data['code']}."
    return f"{line} {needs_words(data['needs'], data['needs_why'])}" if data["needs"] else line


def _decided(data: Data) -> str:
    """The case's end."""
    done = wording.DONE_WORDS[Decision(data["decision"])].capitalize()
    by = "by a person" if data["by"] == "person" else "by policy"
    side = data.get("side")
    return f"{done} {by}, {OverrideSide(side).trade_word} override." if side else f"{done} {by}."


def _countered(data: Data) -> str:
    """Other terms."""
    how = "failing the cut-off, by override" if data["side"] else "a change of terms"
    start = "from the second person's yes" if data["needs"] else "from this day"
    return f"{fields_words(data['fields'])}: {how}. Stands {data['days']} days {start}."


def _corrected(data: Data) -> str:
    """A corrected application."""
    turned = "unchanged" if data["from"] == data["to"] else f"from {data['from']} to {data['to']}"
    return f"{fields_words(data['fields'])}. Recommendation {turned}."


def fields_words(names: Sequence[str]) -> str:
    """How many fields were changed, and which."""
    return f"{'1 field' if len(names) == 1 else f'{len(names)} fields'} ({', '.join(names)})"


def _outcome(data: Data) -> str:
    """Something seen of a loan."""
    kind = str(data["kind"]).replace("_", " ")
    return f"{kind.capitalize()}: {data['value']}, seen {str(data['observed_at'])[:10]}."


def _exported(data: Data) -> str:
    """A feedback set."""
    return f"{data['rows']} rows as of {data['as_of']}, folder {data['folder']}."


def _verified(data: Data) -> str:
    """A verification run."""
    found = "nothing altered" if data["ok"] else "something altered or missing"
    return f"{data['scope']}: {found} in {data['size']} entries."


WHY_REFUSED = {
    "legal_hold": "A legal hold keeps it: {ground}.",
    "kept_by_law": "The law keeps it: {ground}.",
    "declined": "The second person said no.",
    "taken_back": "Whoever asked took it back.",
}


def _ground(data: Data) -> str:
    """A ground in words; one of a law is its own words."""
    ground = str(data["ground"])
    return GROUND_WORDS.get(ground) or HOLD_GROUNDS.get(ground) or ground


def _to_erase(data: Data) -> str:
    """How much is to go or went, and on which ground."""
    parts = "1 part" if data["count"] == 1 else f"{data['count']} parts"
    return f"{parts}: {_ground(data)}."


def _reopened(data: Data) -> str:
    """A closed case opened again, or a decision undone."""
    if data.get("of"):
        return "A decision was undone within a minute."
    if "appeal" in data:
        until = data["appeal"]["answer_by"]
        return f"The applicant contests the decision; an answer is due by {until}."
    return f"Reason: {str(data['reason']).replace('_', ' ')}."


def _asked(data: Data) -> str:
    """What an applicant was asked for, by the names of fields and documents."""
    wanted = [part for name in ("fields", "documents") if (part := _named(data, name))]
    return f"{'; '.join(wanted)}." if wanted else ""


def _named(data: Data, member: str) -> str:
    """The names in a list of an entry; entries of the first releases have none."""
    return ", ".join(data.get(member, ()))


SUMMARIES: Mapping[str, Callable[[Data], str]] = {
    "ledger_opened": lambda d: f"Log {d['log']}{', a demonstration' if d['demo'] else ''}.",
    "decision_made": _scored,
    "decision_failed": _failed,
    SCORE_ONLY: lambda d: (
        f"{count_words(d['rows'])} {'row' if d['rows'] == 1 else 'rows'} for a client of "
        f"{d['protocol']}, {'with' if d['explained'] else 'without'} reasons. Of no case."
    ),
    "reasons_shown": lambda d: f"{d['count']} reasons shown on the case page.",
    "reason_questioned": lambda d: f"About {d['concept']}.",
    "review_recorded": _reviewed,
    "review_date_set": lambda d: f"Override {d['code']}: by {d['on']}.",
    "override_recorded": _overridden,
    "approval_recorded": lambda d: (
        f"The proposed override was {wording.VERDICT_WORDS[Verdict(d['verdict'])]}."
    ),
    "counter_offered": _countered,
    "input_corrected": _corrected,
    "case_decided": _decided,
    "case_withdrawn": lambda d: f"Reason: {str(d['reason']).replace('_', ' ')}.",
    "letter_drafted": lambda d: (
        f"{str(d['kind']).replace('_', ' ').capitalize()}, language {d['locale']}."
    ),
    "letter_moved": lambda d: f"{str(d['to']).capitalize()}.",
    "case_reopened": _reopened,
    "case_expired": lambda d: (
        "No answer came in time." if d["reason"] == NO_ANSWER else f"Reason: {d['reason']}."
    ),
    "information_requested": _asked,
    "information_received": lambda d: f"{_named(d, 'fields') or 'No field'} stated again.",
    "outcome_observed": _outcome,
    "outcome_corrected": _outcome,
    "feedback_exported": _exported,
    "verification_run": _verified,
    "erasure_requested": _to_erase,
    "erasure_approved": _to_erase,
    "record_erased": _to_erase,
    "erasure_refused": lambda d: WHY_REFUSED.get(d["why"], "").format(ground=_ground(d)),
    "legal_hold_set": lambda d: f"{_ground(d)}.",
    "legal_hold_lifted": lambda d: f"{LIFT_GROUNDS[d['ground']]}.",
    "key_rotated": lambda d: f"The {d['purpose']} key: {d['epoch']} is in use.",
    "bundle_validated": lambda d: f"{d['name']}: risk class {d['class']}.",
    "bundle_signed_off": lambda d: f"{d['name']}, for {TITLES[Role(d['owner'])]}.",
    "bundle_exception_asked": lambda d: f"{d['name']}, until {d['until'][:10]}.",
    "month_reviewed": lambda d: f"{d['name']}, {d['month']}: {d['figures']:,} numbers.",
    "month_signed": lambda d: f"{d['name']}, {d['month']}, for {TITLES[Role(d['owner'])]}.",
    "action_opened": lambda d: f"{d['name']}: to {TITLES[Role(d['owner'])]}, until {d['due']}.",
    "action_closed": lambda d: f"{d['name']}: {'done' if d['done'] else 'dropped'}.",
    "promise_judged": lambda d: (
        f"{d['name']}, {d['kpi']}: {d['says']}, for {TITLES[Role(d['owner'])]}."
    ),
    "cost_entered": lambda d: f"{d['name']}, {d['month']}: {d['cost'].replace('_', ' ')}.",
    "bundle_drilled": lambda d: f"{d['name']}: {'went well' if d['ok'] else 'failed'}.",
    "watch_declared": lambda d: f"{d['name']}: {', '.join(d['statistics'])}.",
    "watch_looked": lambda d: f"{d['name']}, loans of {d['month']}: {d['loans']}.",
    "practice_answered": lambda d: f"{d['bundle']}: case {d['place']} of round {d['round']}.",
    "practice_finished": lambda d: f"{d['bundle']}: {d['right']} of {d['cases']} right.",
    "retraining_proposed": lambda d: f"{d['name']}, on {d['rows']} rows.",
    "bundle_exception_voted": lambda d: f"{d['name']}: {'for' if d['agrees'] else 'against'} it.",
} | {kind: lambda d: f"{d['name']}." for kind in BUNDLE_KINDS}


def _added(person: str, data: Data) -> str:
    """Somebody who may come in from now on."""
    return f"{person} added: {_grant(data)}."


def _changed(person: str, data: Data) -> str:
    """A change of somebody's access, or of role and limit."""
    reason = str(data.get("reason", ""))
    if reason == "password reset":
        return f"Password of {person} reset."
    if reason in NO_ROLE_CHANGE:
        return f"{person} {NO_ROLE_CHANGE[reason]}."
    return f"{person} changed: {_grant(data)}."


def _grant(data: Data) -> str:
    """Role, branch and limit as an entry gives them."""
    parts = [ROLE_WORDS[Role(data["role"])].lower()]
    if data["branch"]:
        parts.append(f"branch {data['branch']}")
    if data["limit_minor"]:
        parts.append(f"limit {wording.amount(data['limit_minor'], data['currency'])}")
    return ", ".join(parts)


def _released(person: str, data: Data) -> str:
    """A case that somebody no longer works on."""
    if data["why"] == "taken_back":
        return f"Taken back from {person}."
    why = {"left": ", who left", "locked": ", who was locked out"}.get(str(data["why"]), "")
    return f"Given back by {person}{why}."


ABOUT_PEOPLE: Mapping[str, Callable[[str, Data], str]] = {
    "person_added": _added,
    "role_changed": _changed,
    "person_left": lambda person, _: f"{person} left.",
    "key_added": lambda person, d: f"Key {d['key']} for {person}.",
    "key_revoked": lambda person, d: (
        f"Key {d['key']} of {person}{', who left' if d.get('reason') == 'left' else ''}."
    ),
    "case_released": _released,
    "case_escalated": lambda person, _: f"Referred upwards by {person}.",
    "case_handed_over": lambda person, _: f"By {person}.",
    "case_snoozed": lambda person, _: f"By {person}.",
    "record_viewed": lambda person, d: f"By {person}{_what(d)}.",
}


def _what(data: Data) -> str:
    """What was looked at, where an entry says it."""
    return f": {str(data['what']).replace('_', ' ')}" if data.get("what") else ""


def summary(kind: str, data: Data, names: Mapping[str, str]) -> str:
    """One line on what the entry says; "" where the title says it all or the data are unknown.

    ``names`` has the names of people by reference; one who is not in it stays a reference.
    """
    try:
        if kind in ABOUT_PEOPLE:
            person = str(data["person"])
            return ABOUT_PEOPLE[kind](names.get(person, person), data)
        words = SUMMARIES.get(kind)
        return words(data) if words else ""
    except (KeyError, ValueError):  # an entry of another release: its title must do
        return ""

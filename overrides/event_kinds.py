"""Every kind of entry the ledger can hold: its members and its encrypted slots, version 1.

Members are listed whole. An entry with a member that is not listed, or without one that is, is
refused, so that what an auditor reads here is what the ledger has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """What an entry of one kind says in the open, and what it holds encrypted."""

    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    slots: frozenset[str] = frozenset()  # a slot may be absent; "party" stands for party.0, party.1

    def allows_slot(self, name: str) -> bool:
        """Whether an entry of this kind may have the slot."""
        if name in self.slots and name != "party":
            return True
        stem, _, number = name.partition(".")
        return stem == "party" and "party" in self.slots and number.isdecimal()


def _kind(required: str = "", optional: str = "", slots: str = "") -> Kind:
    """A kind from three lists of names separated by blanks."""
    return Kind(*(frozenset(names.split()) for names in (required, optional, slots)))


DECISION_KINDS = frozenset({"decision_made", "decision_failed"})
BUNDLE_KINDS = (
    "bundle_registered",
    "bundle_promoted",
    "bundle_rolled_back",
    "bundle_suspended",
    "bundle_resumed",
)
GOVERNANCE_KINDS = (
    "bundle_validated",
    "bundle_signed_off",
    "bundle_exception_asked",
    "bundle_exception_voted",
    "bundle_drilled",
)
MODEL_KINDS = (*BUNDLE_KINDS, *GOVERNANCE_KINDS)
TRAINING_KINDS = ("training_recorded", "practice_answered", "practice_finished")
REVIEW_KINDS = (
    "month_reviewed",
    "month_signed",
    "action_opened",
    "action_closed",
    "promise_judged",
    "cost_entered",
)
WATCH_KINDS = ("watch_declared", "watch_looked", "retraining_proposed")
FINDING_KINDS = ("reconciliation_run", "finding_opened", "finding_assigned", "finding_closed")
REVIEW_DATE_KINDS = ("review_date_set", "review_date_closed")
RARE_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "bundles": MODEL_KINDS,
        "training": TRAINING_KINDS,
        "reviews": REVIEW_KINDS,
        "watches": WATCH_KINDS,
        "findings": FINDING_KINDS,
        "review_dates": REVIEW_DATE_KINDS,
    }
)
"""Kinds of which a ledger has few, by what they are about: they are read whole, and folded."""
SCORE_ONLY = "score_only"  # rows that were scored, for no decision: of no case and in no figure
_BUNDLE = _kind("name sha256 signed reason", slots="note")
_BUSINESS = (
    "decision_id application bundle attempt supersedes routing queue status sampled"
    " product branch channel jurisdiction amount_minor currency"
    " received_at completed_at due_at subject parties latency_us simulated knockouts"
)
_BUSINESS_OPTIONAL = "p_assigned assigned limit_at target_at"
_SCORE = (
    " probability raw base method background sum_error reliable recommendation"
    " approve_up_to decline_above distance adverse favourable"
)
_PERSON_ON_CASE = _kind("person reason", "until", "note")
_REASON = _kind("reason", slots="note evidence")
_OUTCOME = _kind(
    "kind value observed_at months_on_book source corrects simulated", "account currency", "account"
)
_PERSON = "person role branch limit_minor currency"

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "ledger_opened": _kind("log demo demo_note schema keys"),
        **dict.fromkeys(BUNDLE_KINDS, _BUNDLE),
        "bundle_validated": _kind(
            "name sha256 exposure purpose class tests findings conditions developers expires",
            slots="record",
        ),
        "bundle_signed_off": _kind("name sha256 owner of", slots="note"),
        "bundle_exception_asked": _kind("name sha256 lacks vote_until until", slots="note"),
        "bundle_exception_voted": _kind("name sha256 owner of agrees", slots="note"),
        "bundle_drilled": _kind("name sha256 from ok cases took_ms", slots="note"),
        "month_reviewed": _kind("name sha256 month as_of figures", slots="record"),
        "month_signed": _kind("name month owner of", slots="note"),
        "action_opened": _kind("name month owner of due", slots="note"),
        "action_closed": _kind("name owner of done", slots="note"),
        "promise_judged": _kind("name sha256 kpi owner due standing says until", slots="note"),
        "cost_entered": _kind("name month cost amount_minor currency", slots="note"),
        "watch_declared": _kind(
            "name sha256 statistics odds shock alarm lag_months window_months first", slots="note"
        ),
        "watch_looked": _kind("name of month loans bad expected left_out sums e_value fires"),
        "retraining_proposed": _kind("name of look manifest_sha256 folder rows"),
        "decision_made": _kind(
            _BUSINESS + _SCORE, _BUSINESS_OPTIONAL + " scale", "inputs monitor explanation party"
        ),
        "decision_failed": _kind(
            _BUSINESS + " cause fallback", _BUSINESS_OPTIONAL, "inputs monitor party"
        ),
        SCORE_ONLY: _kind(
            "bundle protocol explained rows method background jurisdiction subject simulated",
            slots="inputs monitor explanation",
        ),
        "case_claimed": _kind("person until", slots="note"),
        "case_released": _kind("person why", slots="note"),
        "case_escalated": _PERSON_ON_CASE,
        "case_handed_over": _kind("person reason", "to until", "note"),
        "case_snoozed": _PERSON_ON_CASE,
        "reasons_shown": _kind(
            "person decision_id codebook locale count", "template concepts", "shown"
        ),
        "reason_questioned": _kind("person decision_id concept", slots="note"),
        "what_if_tried": _kind("person decision_id", slots="shown"),
        "first_view_recorded": _kind("decision_id view confidence", slots="note"),
        "staff_notified": _kind("practices sha256 given_on", slots="note"),
        "practice_switched": _kind("practice share notice seed", slots="note"),
        "training_recorded": _kind("person bundle ground last_day", slots="note"),
        "practice_answered": _kind("person bundle round place case_ref decision outcome concepts"),
        "practice_finished": _kind("person bundle round cases right concepts"),
        "reconciliation_run": _kind(
            "file_sha256 scope read_as loans unread branches counts opened known", slots="record"
        ),
        "finding_opened": _kind("kind branch about run key", "bundle", slots="loan note"),
        "finding_assigned": _kind("of owner due", slots="note"),
        "finding_closed": _kind("of reason", slots="note"),
        "review_recorded": _kind(
            "decision_id decision agrees manual concepts seen_version dwell_ms grant",
            "confidence",
            "note evidence",
        ),
        "override_recorded": _kind(
            "decision_id side from to code evidence_types concepts needs needs_why"
            " seen_version dwell_ms grant",
            "confidence",
            "note evidence",
        ),
        "review_date_set": _kind("of code on"),
        "review_date_closed": _kind("of", slots="note"),
        "approval_recorded": _kind("of verdict grant", "reasons", "note"),
        "case_decided": _kind("decision by rests_on side code terms", slots="terms"),
        "counter_offered": _kind(
            "decision_id before fields days side code needs seen_version dwell_ms grant",
            "concepts",
            slots="note",
        ),
        "input_corrected": _kind(
            "decision_id of fields from to evidence_types seen_version grant",
            slots="note evidence",
        ),
        "case_withdrawn": _REASON,
        "case_reopened": _kind("reason", "before of appeal", "note evidence"),
        "case_expired": _REASON,
        "information_requested": _kind("reason", "documents fields until", "note evidence"),
        "information_received": _kind("reason", "fields target_at", "note evidence"),
        "letter_drafted": _kind(
            "kind locale template pack source concepts holds due_at",
            "replaces reason until",
            "shown",
        ),
        "letter_moved": _kind("of to", "channel on reason", "note"),
        "outcome_observed": _OUTCOME,
        "outcome_corrected": _OUTCOME,
        "feedback_exported": _kind(
            "folder manifest_sha256 rows counts as_of purpose erasure_epoch", "bundle"
        ),
        "person_added": _kind(_PERSON, "valid_until", "name"),
        "role_changed": _kind(_PERSON, "valid_until reason", "name"),
        "person_left": _kind("person", "reason"),
        "key_added": _kind("person key", "valid_until"),
        "key_revoked": _kind("person key", "reason"),
        "record_viewed": _kind("person", "what reason"),
        "verification_run": _kind("scope ok size", "findings against"),
        "checkpoint_anchored": _kind("size root kind", "witness at"),
        "restore_performed": _kind("from_size", "root reason"),
        "clock_adjusted": _kind("behind_us clock"),
        "key_rotated": _kind("purpose epoch", "key reason count"),
        "erasure_requested": _kind(
            "scope ground classes slots root count schedule", "subject as_of rules", "note"
        ),
        "erasure_approved": _kind("of ground root count", slots="note"),
        "erasure_refused": _kind("of ground why", "holds until", "note"),
        "record_erased": _kind(
            "slots ground", "of approval root count destroyed epoch schedule as_of"
        ),
        "legal_hold_set": _kind("scope ground", "subject until", "note"),
        "legal_hold_lifted": _kind("of ground", slots="note"),
    }
)


def opens_case(kind: str, data: Mapping[str, Any]) -> bool:
    """Whether an entry of this kind and with these members is the first of its case."""
    return kind in DECISION_KINDS and data["attempt"] == 1

"""One draft of every kind, with every member filled in: what the golden bytes are made from."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from overrides.event_kinds import KINDS
from overrides.events import body_of
from overrides.journal import Draft, Slot, VersionStamp

AT = datetime(2026, 11, 22, 1, 2, 3, 123456, tzinfo=UTC)
ID = "01935018-b2f3-7abc-8def-0123456789ab"
CASE = "01935018-b2f3-7abc-8def-00000000ca5e"
PERSON = "01935018-b2f3-7abc-8def-0000000000e1"
INSTANT = "2026-11-22T01:02:03.123456Z"
SHA = "c0ffee" * 10 + "c0de"

MEMBERS: dict[str, Any] = {
    "account": 2,
    "adverse": ["R06", "R02"],
    "against": 1800,
    "agrees": True,
    "alarm": "0.05",
    "amount_minor": 250000,
    "appeal": {
        "answer_by": INSTANT,
        "by_law": True,
        "decision": "decline",
        "excludes": [PERSON],
        "of": ID,
        "received_at": INSTANT,
        "rules": "eu-gdpr-2018",
        "terms": "as_applied",
    },
    "application": CASE,
    "approval": ID,
    "approve_up_to": "0.2",
    "as_of": INSTANT,
    "assigned": {"among": [PERSON], "share": "0.5", "to": PERSON, "until": INSTANT},
    "at": INSTANT,
    "attempt": 1,
    "background": None,
    "bad": 3,
    "base": "-1.0986122886681098",
    "before": {"excluded": [], "proposal": None, "referred": None, "status": "in_review"},
    "behind_us": 3000000,
    "branch": "north",
    "bundle": "german-credit",
    "by": "person",
    "case_ref": CASE,
    "cases": 12,
    "cause": "timeout",
    "channel": "branch",
    "classes": ["application", "notes"],
    "class": "high",
    "clock": INSTANT,
    "code": "J03",
    "codebook": "german-credit 3",
    "completed_at": INSTANT,
    "concept": "R06",
    "concepts": ["R06", "R02"],
    "conditions": 2,
    "confidence": "high",
    "corrects": None,
    "cost": "maintenance",
    "count": 3,
    "counts": {"GOOD": 12, "IMMATURE": 30},
    "currency": "EUR",
    "decision": "approve",
    "decision_id": ID,
    "decline_above": "0.35",
    "demo": True,
    "demo_note": "simulated history",
    "destroyed": 2,
    "developers": [PERSON],
    "distance": "-0.01658729553222656",
    "due_at": INSTANT,
    "documents": ["PAYSLIP"],
    "done": True,
    "due": "2026-12-22",
    "dwell_ms": 41250,
    "e_value": "1.25",
    "epoch": 2,
    "erasure_epoch": 0,
    "evidence_types": ["payslip"],
    "expected": "2.5000",
    "explained": True,
    "expires": "2027-11-22",
    "exposure": "large",
    "about": [PERSON],
    "branches": [["north", 3, 1, 0, 2]],
    "file_sha256": SHA,
    "known": 4,
    "opened": 2,
    "outcome": "good",
    "place": 3,
    "read_as": {"dates": "year-first", "decimal": "point"},
    "right": 8,
    "round": 1,
    "run": ID,
    "unread": 1,
    "fallback": "person",
    "favourable": ["R01"],
    "fields": ["duration"],
    "figures": 21,
    "findings": ["clean"],
    "fires": False,
    "first": "2025-10",
    "folder": "feedback-2026-11-22",
    "from": "decline",
    "from_size": 1800,
    "grant": ID,
    "given_on": "2026-11-20",
    "ground": "GDPR Art 17(1)(b)",
    "holds": [ID],
    "jurisdiction": "DE",
    "key": "k-7f3a",
    "keys": ["530d903a"],
    "last_day": "2027-11-22",
    "kind": "max_days_past_due",
    "knockouts": ["K1"],
    "lacks": ["signoff:risk"],
    "lag_months": 2,
    "latency_us": 1873,
    "left_out": 1,
    "limit_at": INSTANT,
    "limit_minor": 1000000,
    "loans": 40,
    "locale": "en",
    "log": "bank.example/ledger",
    "look": ID,
    "manifest_sha256": SHA,
    "manual": False,
    "method": "tree_path_dependent",
    "kpi": "turnaround",
    "month": "2026-10",
    "months_on_book": 12,
    "name": "german-credit",
    "needs": "approver",
    "needs_why": ["above_limit"],
    "observed_at": INSTANT,
    "odds": "1.5",
    "of": ID,
    "ok": True,
    "on": "2026-11-22",
    "notice": ID,
    "owner": "risk",
    "p_assigned": "0.5",
    "pack": "us-2026-07",
    "parties": [["party.0", "applicant"]],
    "person": PERSON,
    "policy": "german-credit 2",
    "practice": "blind_first",
    "practices": ["blind_first"],
    "probability": "0.18341270446777344",
    "product": "consumer",
    "protocol": "kserve-v1",
    "purpose": "training",
    "queue": "north",
    "days": 90,
    "raw": "-1.4931726455688477",
    "reason": "annual_review",
    "reasons": ["R06"],
    "received_at": INSTANT,
    "recommendation": "approve",
    "reliable": True,
    "rests_on": [ID],
    "replaces": ID,
    "role": "officer",
    "root": SHA,
    "routing": ["near_cutoff"],
    "rows": 412,
    "sampled": {"audit": False, "p_routed": "1.0", "p_random_accept": None, "seed": None},
    "schedule": SHA,
    "schema": 1,
    "rules": [
        {
            "class": "*",
            "jurisdiction": "US",
            "ending": "declined",
            "keep_months": 25,
            "erase_after_months": None,
            "law": "12 CFR 1002.12(b)",
        }
    ],
    "scope": "database",
    "seed": "0123456789abcdef",
    "seen_version": 4,
    "sha256": SHA,
    "share": "0.1",
    "shock": "0.1",
    "side": "approved_against_model",
    "signed": ["model_owner", "risk"],
    "simulated": False,
    "size": 1800,
    "slots": [[ID, "note"]],
    "source": "api",
    "statistics": ["calibration"],
    "status": "in_review",
    "subject": "5ub7ec7",
    "says": "extend",
    "scale": "probability",
    "standing": "Not met",
    "sum_error": "0.0",
    "sums": {"calibration": ["0.25"]},
    "supersedes": None,
    "target_at": INSTANT,
    "template": "case 1",
    "terms": "as_applied",
    "tests": {"failed": 1, "passed": 4},
    "to": "approve",
    "until": INSTANT,
    "took_ms": 840,
    "valid_until": INSTANT,
    "value": "30",
    "verdict": "uphold",
    "view": "approve",
    "vote_until": INSTANT,
    "what": "case",
    "window_months": 12,
    "why": "given_back",
    "witness": "branch.example",
}


GOLDEN = Path(__file__).with_name("events_v1.jsonl").read_bytes().splitlines()
PROMISED = [json.loads(line)["type"] for line in GOLDEN]
LATER = {
    "outcome_corrected": frozenset({"account", "currency"}),
    "outcome_observed": frozenset({"account", "currency"}),
}
"""Members and parts that a kind was given after its line: that line stands, and a further one has
them."""
ORDER = [
    *PROMISED,
    *sorted(set(KINDS) - set(PROMISED)),
    *(type_ for type_ in LATER if PROMISED.count(type_) < 2),
]
"""Kinds as their lines stand: a further one comes at the end and gives no other line a number."""
NAMES = [f"{seq} {type_}" for seq, type_ in enumerate(ORDER)]

OF_CASES = ("case", "decision", "letter", "outcome", "score")


def drafts() -> Iterator[tuple[Draft, dict[str, str]]]:
    """A draft of each kind in the order of the lines, with the commitments of its slots."""
    stamp = VersionStamp("german-credit", "2026.11", SHA)
    for place, type_ in enumerate(ORDER):
        kind = KINDS[type_]
        without = frozenset() if type_ in ORDER[:place] else LATER.get(type_, frozenset())
        slots = kind.slots - without
        names = sorted("party.0" if slot == "party" else slot for slot in slots)
        versioned = type_.startswith(("bundle", "decision", "review", "override", "score"))
        draft = Draft(
            event_id=ID,
            type=type_,
            actor=PERSON,
            role="officer",
            data={name: MEMBERS[name] for name in (kind.required | kind.optional) - without},
            case=CASE if type_.startswith(OF_CASES) else None,
            cause=(ID,) if "of" in kind.required else (),
            model=stamp if versioned else None,
            policy=stamp if versioned else None,
            codebook=stamp if versioned else None,
            slots=tuple(Slot(name, "party", {}) for name in names),
        )
        yield draft, {name: f"{number:064x}" for number, name in enumerate(names, 1)}


def bodies() -> Iterator[bytes]:
    """The exact bytes of each of them."""
    for seq, (draft, commit) in enumerate(drafts()):
        yield body_of(
            draft, log="bank.example/ledger", seq=seq, recorded_at=AT, commit=commit, req=SHA
        )

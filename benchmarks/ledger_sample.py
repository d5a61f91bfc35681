"""A ledger of any length made on the spot: real kinds of entries in the mix of a working desk.

Nothing is stored: an entry's bytes follow from its number, so that a ledger of millions can be
exported without a database. Of ten entries one is a decision with fifteen reasons, five are
outcomes, the others are what a person does on a case.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from overrides.countermand_verify import leaf_hash
from overrides.events import body_of
from overrides.instants import INSTANT_CHARS, instant_text
from overrides.journal import Draft, Entry, Json, VersionStamp
from overrides.ledger import Head, SignedCheckpoint
from overrides.ledger_rows import Disclosure
from overrides.merkle import Frontier
from overrides.notes import Checkpoint, Signer

LOG = "ledger.benchmark/verification"
SIGNER = Signer(LOG, bytes(range(32)))
START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(milliseconds=20)
CHECKPOINT_EVERY = 1_000  # entries, as the signer does under load
ID = "0193529a-0000-7000-8000-{:012d}"
HASH = "5a" * 32


CASE, PERSON, DECISION = (ID.format(n) for n in (1, 2, 3))
AT = instant_text(START)
REASONS = [f"R{n:02d}" for n in range(8)]
SCORED: dict[str, Json] = {
    "decision_id": DECISION,
    "application": DECISION,
    "subject": DECISION,
    "supersedes": None,
    "background": None,
    "knockouts": [],
    "parties": [],
    "bundle": "german-credit",
    "attempt": 1,
    "simulated": False,
    "latency_us": 7476,
    "routing": ["refer_band", "automation_none"],
    "queue": "referred",
    "status": "in_review",
    "product": "consumer-loan",
    "branch": "river",
    "channel": "branch",
    "jurisdiction": "DE",
    "amount_minor": 144400,
    "currency": "EUR",
    "received_at": AT,
    "completed_at": AT,
    "due_at": AT,
    "probability": "0.33416410174684175",
    "raw": "-0.6894110462472726",
    "base": "-1.098595822325715",
    "method": "tree_path_dependent",
    "reliable": True,
    "sum_error": "2.220446049250313e-16",
    "recommendation": "refer",
    "approve_up_to": "0.29",
    "decline_above": "0.43",
    "distance": "0.04416410174684175",
    "adverse": REASONS,
    "favourable": REASONS[1:],
    "sampled": {"audit": False, "p_random_accept": None, "p_routed": "1", "seed": None},
}
OUTCOME: dict[str, Json] = {
    "kind": "max_days_past_due",
    "value": "0",
    "observed_at": AT,
    "months_on_book": 7,
    "source": HASH,
    "corrects": None,
    "simulated": False,
}
SHOWN: dict[str, Json] = {"person": PERSON, "decision_id": DECISION, "codebook": "1", "count": 8}
REVIEW: dict[str, Json] = {
    "decision_id": DECISION,
    "decision": "decline",
    "agrees": True,
    "manual": True,
    "concepts": ["R32"],
    "seen_version": 1,
    "dwell_ms": 158000,
    "grant": PERSON,
}
DECIDED: dict[str, Json] = {
    "decision": "decline",
    "by": "person",
    "rests_on": [DECISION],
    "side": "",
    "code": "",
    "terms": "as_applied",
}
ACTS: tuple[tuple[str, dict[str, Json]], ...] = (
    ("decision_made", SCORED),
    ("case_claimed", {"person": PERSON, "until": AT}),
    ("reasons_shown", {**SHOWN, "locale": "en"}),
    ("review_recorded", REVIEW),
    ("case_decided", DECIDED),
    *[("outcome_observed", OUTCOME)] * 5,
)
COMMITTED = {"decision_made": ("explanation", "inputs", "monitor"), "reasons_shown": ("shown",)}


def _draft(kind: str, data: dict[str, Json]) -> Draft:
    """One entry of the mix."""
    stamp = VersionStamp("german-credit", "2026.1", HASH) if kind == "decision_made" else None
    return Draft(
        event_id=ID.format(0),
        type=kind,
        actor=PERSON,
        role="officer",
        data=data,
        case=CASE,
        cause=(DECISION,),
        model=stamp,
        policy=stamp,
        codebook=stamp,
    )


def _shape(draft: Draft) -> tuple[bytes, bytes, bytes]:
    """An entry's bytes before its id, between that and its number, and after its time."""
    commit = dict.fromkeys(COMMITTED.get(draft.type, ()), HASH)
    body = body_of(draft, log=LOG, seq=0, recorded_at=START, commit=commit)
    before, _, rest = body.partition(b'"id":"' + draft.event_id.encode())
    between, _, last = rest.partition(b'"seq":0,"ts":"')
    return before + b'"id":"', between + b'"seq":', last[INSTANT_CHARS:]


class SampleBook:
    """As much of a ``LedgerBook`` as an export asks for, over entries that are made when asked."""

    log = LOG

    def __init__(self, size: int, signer: Signer) -> None:
        self._size = size
        self._signer = signer
        self._shapes = [_shape(_draft(*act)) for act in ACTS]
        self._opening = body_of(
            Draft(
                event_id=ID.format(0),
                type="ledger_opened",
                actor="host",
                role="operations",
                data={"log": LOG, "demo": False, "demo_note": "", "schema": 1, "keys": []},
            ),
            log=LOG,
            seq=0,
            recorded_at=START,
            commit={},
        )
        self._signed: list[SignedCheckpoint] = []
        self._tree = self._grow()

    def _grow(self) -> Frontier:
        """The whole tree, with checkpoints on the way."""
        tree = Frontier()
        for start in range(0, self._size, CHECKPOINT_EVERY):
            for body in self.bodies(start, min(CHECKPOINT_EVERY, self._size - start)):
                tree.append(leaf_hash(body))
            note = self._signer.sign(Checkpoint(LOG, tree.size, tree.root()).text)
            self._signed.append(SignedCheckpoint(LOG, tree.size, note, START + STEP * tree.size))
        return tree

    def bodies(self, start: int, count: int) -> Iterator[bytes]:
        """Exact bytes of entries."""
        for seq in range(start, start + count):
            if not seq:
                yield self._opening
                continue
            before, between, after = self._shapes[seq % len(self._shapes)]
            at = instant_text(START + STEP * seq).encode()
            number = b"%d" % seq
            event_id = ID.format(seq).encode()
            yield b"".join((before, event_id, between, number, b',"ts":"', at, after))

    def head(self) -> Head:
        """Where the log stands."""
        return Head(LOG, self._size, self._tree.root(), START + STEP * self._size)

    def entries(self, start: int, count: int) -> list[Entry]:
        """Entries from ``start``, in order."""
        return [
            Entry(LOG, seq, ID.format(seq), "", START, leaf_hash(body), body)
            for seq, body in enumerate(self.bodies(start, min(count, self._size - start)), start)
        ]

    def latest_checkpoint(self) -> SignedCheckpoint:
        """The newest signed checkpoint."""
        return self._signed[-1]

    def each_checkpoint(self) -> Iterator[SignedCheckpoint]:
        """Every signed checkpoint."""
        return iter(self._signed)

    def save_checkpoint(self, size: int, note: str, at: datetime) -> None:
        """Keep a signed checkpoint."""
        self._signed.append(SignedCheckpoint(LOG, size, note, at))

    def frontier(self, size: int) -> Frontier:
        """The whole tree; no other is ever asked for here."""
        assert size == self._size
        return Frontier(self._size, list(self._tree.hashes))

    def disclosures(self, event_ids: Sequence[str], slots: Sequence[str]) -> list[Disclosure]:
        """Nothing is disclosed."""
        del event_ids, slots
        return []

    def erased_parts(self, event_id: str) -> list[tuple[str, str]]:
        """Nothing was erased."""
        del event_id
        return []


def periodic_leaves() -> list[bytes]:
    """256 leaf hashes that a tree of any size can repeat."""
    return [leaf_hash(sha256(b"%d" % n).digest()) for n in range(256)]

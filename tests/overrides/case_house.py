"""A small installation in memory of the tests: a ledger, the case tables, and acts on them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from sqlalchemy import Engine, select

from overrides.countering import (
    AnswerForm,
    OfferAnswer,
    OfferForm,
    check_offer,
    decide_answer,
    decide_lapse,
    decide_offer,
    owes_reasons,
    rescored,
)
from overrides.desk import (
    case_of,
    decide_approval,
    decide_claim,
    decide_override,
    decide_release,
    decide_review,
    decide_shown,
    decide_withdrawal,
)
from overrides.forms import ApprovalForm, OverrideForm, ReviewForm, Shown, WithdrawalForm
from overrides.ids import id_maker
from overrides.instants import instant_text
from overrides.journal import Decided, Draft, Receipt, Slot, State, VersionStamp
from overrides.outcome_lines import OutcomeRecord
from overrides.outcomes import account_key, decide_outcome
from overrides.reading import application_key
from overrides.stores.case_book import SqlCaseBook
from overrides.stores.case_tables import TABLES
from overrides.stores.engine import create_all, open_engine, reading
from overrides.stores.projections import CaseProjector
from overrides.stores.writer import SqlJournal
from overrides.values import Actor, Decision, NewId, OutcomeKind, Verdict
from overrides.vault import Vault
from tests.overrides.samples import ADMIN, NOON, NOTE, OFFICER, PROOF, RULES, SENIOR, SERVICE

LOG = "ledger.example/cases"
STAMP = VersionStamp("german-credit", "1.0", "ab" * 32)

# probability and recommendation as the rules give them
SCORES = {"approve": "0.19", "refer": "0.3", "decline": "0.36"}


@dataclass
class House:
    """Everything a test of the stores needs. ``now`` moves a minute with every act."""

    engine: Engine
    now: datetime = NOON
    grouped: bool = False
    chance: Random = field(default_factory=lambda: Random(7))
    applications: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        """Open the ledger and the tables."""
        create_all(self.engine)
        self.vault = Vault({1: bytes(32)}, bytes(range(32)), self.chance.randbytes)
        self.new_id = id_maker(lambda: self.now, self.chance.randbytes)
        self.projector = CaseProjector(self.vault.lookup_hash, log=LOG)
        self.book = SqlCaseBook(self.engine, log=LOG)
        self.journal = SqlJournal(
            self.engine,
            log=LOG,
            vault=self.vault,
            clock=lambda: self.now,
            new_id=self.new_id,
            projectors=[self.projector],
            states=self.projector,
            grouped=self.grouped,
        )

    def do(self, decide: Callable[[State], Decided]) -> Receipt:
        """Run a command a minute later."""
        self.now += timedelta(minutes=1)
        return self.journal.submit(decide).result()

    def write(self, *drafts: Draft) -> Receipt:
        """Write events as they are."""
        return self.do(lambda _: Decided(drafts))

    def apply_for(self, recommendation: str = "refer", **facts: Any) -> str:
        """An application is scored; reference of its case."""
        draft = self.decision(recommendation, **facts)
        self.write(draft)
        return str(draft.case)

    def decision(
        self,
        recommendation: str = "refer",
        *,
        application_id: str = "",
        case_ref: str = "",
        **facts: Any,
    ) -> Draft:
        """The event of a score, or of a failure to make one when ``cause`` is given."""
        application_id = application_id or f"A-{next(self.applications)}"
        return decision_draft(
            recommendation,
            application_id=application_id,
            case_ref=case_ref or self.new_id(),
            new_id=self.new_id,
            now=self.now,
            **facts,
        )

    def claim(self, case_ref: str, actor: Actor = OFFICER) -> Receipt:
        """Take the lease."""
        return self.do(
            lambda s: decide_claim(case_of(s, case_ref), actor, RULES, s.now, self.new_id)
        )

    def release(self, case_ref: str, actor: Actor = OFFICER) -> Receipt:
        """Give the lease back."""
        return self.do(lambda s: decide_release(case_of(s, case_ref), actor, s.now, self.new_id))

    def show(self, case_ref: str, actor: Actor = OFFICER) -> Receipt:
        """Show the reasons of the decision that stands."""

        def decide(state: State) -> Decided:
            case = case_of(state, case_ref)
            shown = Shown(
                decision_id=case.decision_id, codebook="1", locale="en", count=3, content={}
            )
            before = state.shown_before(case_ref, actor.ref, case.decision_id)
            return decide_shown(case, actor, shown, self.new_id, shown_before=before)

        return self.do(decide)

    def review(
        self, case_ref: str, decision: str, actor: Actor = OFFICER, seen: int | None = None
    ) -> Receipt:
        """Agree, or decide a referred case; ``seen`` is the page's version."""

        def decide(state: State) -> Decided:
            case = case_of(state, case_ref)
            form = ReviewForm(
                decision=Decision(decision),
                seen_version=case.version if seen is None else seen,
                adverse_reasons=("R01",),
            )
            return decide_review(case, actor, form, RULES, state.now, self.new_id)

        return self.do(decide)

    def override(
        self, case_ref: str, decision: str, code: str = "", actor: Actor = OFFICER
    ) -> Receipt:
        """Decide against the recommendation."""

        def decide(state: State) -> Decided:
            case = case_of(state, case_ref)
            form = OverrideForm(
                decision=Decision(decision),
                code=code or ("M01" if decision == "approve" else "M04"),
                seen_version=case.version,
                note=NOTE,
                evidence=PROOF,
                adverse_reasons=("R01",),
            )
            return decide_override(case, actor, form, RULES, state.now, self.new_id)

        return self.do(decide)

    def offer(self, case_ref: str, word: str, actor: Actor = OFFICER) -> Receipt:
        """Offer other terms that are scored so: see ``countering``."""

        def decide(state: State) -> Decided:
            case = case_of(state, case_ref)
            check_offer(case, actor, case.version, state.now)
            made = self.decision(
                word,
                case_ref=case_ref,
                application_id=f"terms-{case_ref}",
                attempt=case.attempt + 1,
                supersedes=case.decision_id,
                branch=case.branch,
                amount_minor=300_000,
            )
            form = OfferForm(
                fields=("amount",),
                days=90,
                seen_version=case.version,
                code="M01",
                note=NOTE,
                evidence=PROOF,
                adverse_reasons=("R01",) if owes_reasons(case) else (),
            )
            scored = rescored(case, made)
            more = decide_offer(case, scored, actor, form, RULES, state.now, self.new_id)
            return Decided((made, *more.drafts), more.answer)

        return self.do(decide)

    def hear(self, case_ref: str, answer: str, actor: Actor = OFFICER) -> Receipt:
        """The applicant answers an offer."""
        form = AnswerForm(answer=OfferAnswer(answer))
        return self.do(
            lambda s: decide_answer(case_of(s, case_ref), actor, form, s.now, self.new_id)
        )

    def lapse(self, case_ref: str) -> Receipt:
        """The time of an offer is up."""
        return self.do(lambda s: decide_lapse(case_of(s, case_ref), ADMIN, s.now, self.new_id))

    def judge(self, case_ref: str, verdict: str, actor: Actor = SENIOR) -> Receipt:
        """Say as a second person what becomes of a proposal."""

        def decide(state: State) -> Decided:
            case = case_of(state, case_ref)
            form = ApprovalForm(verdict=Verdict(verdict), seen_version=case.version, note="why?")
            return decide_approval(case, actor, form, RULES, state.now, self.new_id)

        return self.do(decide)

    def withdraw(self, case_ref: str) -> Receipt:
        """The applicant withdraws."""
        return self.do(
            lambda s: decide_withdrawal(
                case_of(s, case_ref), OFFICER, WithdrawalForm(), s.now, self.new_id
            )
        )

    def observe(
        self,
        case_ref: str,
        value: str,
        kind: str = "max_days_past_due",
        at: datetime = NOON,
        months: int | None = None,
        account: str = "",
    ) -> str:
        """The books say something; what became of the record."""
        record = OutcomeRecord(
            application_id="x",
            kind=OutcomeKind(kind),
            value=value,
            observed_at=at,
            months_on_book=months,
            account=account,
        )
        key = account and account_key(self.vault.lookup_hash, case_ref, account)
        receipt = self.do(
            lambda s: decide_outcome(
                s.case(case_ref), record, SERVICE, s, self.new_id, source="api", account=key
            )
        )
        return str(receipt.answer["result"])

    def key(self, application_id: str, bundle: str = "german-credit") -> str:
        """Keyed hash of an application's id."""
        return application_key(self.vault.lookup_hash, bundle, application_id)

    def dump(self) -> Mapping[str, list[tuple[Any, ...]]]:
        """Every row of every table of the cases."""
        with reading(self.engine) as connection:
            return {
                table.name: [
                    tuple(row) for row in connection.execute(select(table).order_by(*table.c))
                ]
                for table in TABLES
            }


def decision_draft(
    recommendation: str,
    *,
    application_id: str,
    case_ref: str,
    new_id: NewId,
    now: datetime,
    **facts: Any,
) -> Draft:
    """The event of a score, or of a failure to make one when ``cause`` is given."""
    failed = "cause" in facts
    data: dict[str, Any] = {
        "decision_id": new_id(),
        "application": case_ref,
        "bundle": "german-credit",
        "attempt": 1,
        "supersedes": None,
        "routing": ["refer_band", "near_cutoff"],
        "queue": "standard",
        "status": "in_review",
        "sampled": {"audit": False, "p_routed": "1", "p_random_accept": None, "seed": None},
        "product": "consumer",
        "branch": "north",
        "channel": "branch",
        "jurisdiction": "DE",
        "amount_minor": 400_000,
        "currency": "DEM",
        "received_at": instant_text(now - timedelta(hours=2)),
        "completed_at": instant_text(now - timedelta(hours=1)),
        "due_at": instant_text(now + timedelta(days=30)),
        "subject": "subject-1",
        "parties": [["party.0", "applicant"]],
        "latency_us": 900,
        "simulated": False,
        "knockouts": [],
    }
    data |= {"fallback": "person"} if failed else score(recommendation)
    data |= facts
    inputs = {
        "application_id": application_id,
        "fields": {"duration_months": 24},
        "context": {},
        "fields_meta": {},
    }
    return Draft(
        event_id=new_id(),
        type="decision_failed" if failed else "decision_made",
        actor=SERVICE.ref,
        role="service",
        data=data,
        case=case_ref,
        model=STAMP,
        policy=STAMP,
        codebook=STAMP,
        slots=(
            Slot("inputs", data["subject"], inputs),
            Slot("party.0", data["subject"], {"ref": "P-1", "role": "applicant"}),
        ),
    )


def score(recommendation: str) -> dict[str, Any]:
    """What a score says beyond what a failure says."""
    return {
        "probability": SCORES[recommendation],
        "raw": "-1.0",
        "base": "-0.5",
        "method": "tree_path_dependent",
        "background": None,
        "sum_error": "0.0",
        "reliable": True,
        "recommendation": recommendation,
        "approve_up_to": "0.2",
        "decline_above": "0.35",
        "distance": "0.01",
        "adverse": ["R01", "R02"],
        "favourable": ["R03"],
    }


@contextmanager
def house_at(url: str, **settings: Any) -> Iterator[House]:
    """A house over a database, closed at the end."""
    engine = open_engine(url)
    house = House(engine, **settings)
    try:
        yield house
    finally:
        house.journal.close()
        engine.dispose()

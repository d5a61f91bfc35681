"""Practice on past cases as its page has it: a masked case, an answer, and what came of the loan.

Cases are those that the person may read as any other, that somebody else decided, and whose loan
has run its window out; reading each is recorded before it is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from decision_service import wording
from decision_service.access import Permission, sees_branch
from decision_service.acting import Acting
from decision_service.dossier import Dossier, field_words, read_dossier
from decision_service.override_pages import OverridePages
from decision_service.people_gate import acting_person
from decision_service.reason_evidence import SIDE_WORDS
from decision_service.refusals import refusing
from decision_service.services import Services
from decision_service.typed_forms import refuse_faulty
from overrides.journal import Decided, State
from overrides.practice import (
    CASES,
    Answer,
    Outcome,
    Practices,
    Round,
    decide_answer,
    next_cases,
)
from overrides.training_errors import PracticeMoved
from overrides.values import Actor, Decision
from ui.practice_views import (
    PracticeCase,
    PracticeForm,
    PracticeLine,
    PracticeResult,
    PracticeView,
)
from ui.views import Viewer

POOL_MAX = 1000  # the latest matured cases
REASONS_MAX = 4  # of each side
RESULTS_SHOWN = 10
READING = "practice case"
PLACES = frozenset(str(place) for place in range(1, CASES + 1))
DECISION_WORDS = {Decision.APPROVE: "Approve", Decision.DECLINE: "Decline"}
OUTCOME_WORDS = {Outcome.GOOD: "Went well", Outcome.BAD: "Went bad"}


@dataclass(frozen=True, slots=True)
class PracticePages:
    """Fills ``ui.training_ports.Practice``. Every error leaves it as ``Refused``."""

    services: Services

    def practice(self, viewer: Viewer, bundle: str, *, begin: bool) -> PracticeView:
        """The viewer's practice on a bundle, the champion where none is named.

        The next case is opened where a round is under way or is to ``begin``.
        """
        actor = acting_person(self.services, viewer, Permission.DECIDE)
        with refusing():
            name, pool = self._pool(actor, bundle)
            practices = self._practices()
            now = practices.current(actor.ref, name)
            enough = len(pool) >= CASES
            opened = None
            if enough and (begin or now.answers):
                opened = self._next(actor, name, pool, practices)
            if opened is not None:
                case_ref = opened.file.case.case_ref
                self.services.viewings.record(actor, READING, case=case_ref)
            rounds = [one for one in practices.rounds(actor.ref, name) if one.finished]
            shown = now if now.answers or opened or not rounds else rounds[-1]
            standings = self.services.registry.standings().all()
            return PracticeView(
                bundle=name,
                bundles=tuple(standing.name for standing in standings),
                number=now.number,
                of=CASES,
                available=len(pool),
                enough=enough,
                case=_masked(opened, len(now.answers) + 1) if opened else None,
                lines=self._lines(name, shown),
                results=tuple(_result(one) for one in reversed(rounds[-RESULTS_SHOWN:])),
            )

    def answer(self, viewer: Viewer, form: PracticeForm) -> str:
        """Record an answer to the case that is next; a sentence that says how the loan went."""
        actor = acting_person(self.services, viewer, Permission.DECIDE)
        new_id = self.services.new_id
        with refusing():
            name, pool = self._pool(actor, form.bundle)
            acting = Acting(self.services)
            said = [name, form.case_ref, form.place, form.decision, list(form.concepts)]
            once = acting.once(actor, "practice", form.idempotency_key, said)
            practices = self._practices()
            last = practices.rounds(actor.ref, name)[-1:]
            if last and _same(form, last[0]):  # sent twice: told again, recorded once
                return self._told(actor, name, last[0].answers[-1])
            asked = self._next(actor, name, pool, practices)
            if asked is None or asked.file.case.case_ref != form.case_ref:
                place = len(practices.current(actor.ref, name).answers) + 1
                raise PracticeMoved(str(place))
            answer = _read(form, asked, pool[form.case_ref])

            def decide(state: State) -> Decided:
                practices = self.services.training.within(state).practices
                place = int(form.place) if form.place in PLACES else 0
                return decide_answer(practices, actor, name, place, answer, new_id)

            self.services.journal.submit(decide, once=once).result()
            return self._told(actor, name, answer)

    def _told(self, actor: Actor, name: str, answer: Answer) -> str:
        """What came of the loan, and of the round where this finished it."""
        now = self._practices()
        ended = OUTCOME_WORDS[answer.outcome].lower()
        right = "Right" if answer.right else "Not so"
        told = f"{right}: you said {answer.decision.value}, and the loan {ended}."
        done = now.result(actor.ref, name)
        if done is None or now.current(actor.ref, name).answers:
            return told
        return f"{told} The round is finished: {done.right} of {CASES} right, recorded."

    def _practices(self) -> Practices:
        """Every answer up to now."""
        return self.services.training.known(fresh=True).practices

    def _pool(self, actor: Actor, bundle: str) -> tuple[str, dict[str, Outcome]]:
        """The bundle's name, and how the latest matured loans went that the person may meet.

        Left out are cases of other branches, those that the person decided or approved, and loans
        on other terms than asked for, whose outcome says nothing of what was asked.
        """
        with OverridePages(self.services).ground(bundle) as (ground, name):
            columns = ground.every
            rows = (columns.matured() & ~columns["countered"]).nonzero()[0]
            about = zip(
                columns["closed"][rows].tolist(),
                (columns.refs[row] for row in rows.tolist()),
                columns.bad()[rows].tolist(),
                columns.words("branch", rows),
                columns.words("reviewer", rows),
                columns.words("approver", rows),
                strict=True,
            )
            met = sorted(
                (at, case_ref, bad)
                for at, case_ref, bad, branch, *people in about
                if sees_branch(actor, branch) and actor.ref not in people
            )
        latest = met[-POOL_MAX:]
        return name, {ref: Outcome.BAD if bad else Outcome.GOOD for _, ref, bad in latest}

    def _next(
        self, actor: Actor, bundle: str, pool: dict[str, Outcome], practices: Practices
    ) -> Dossier | None:
        """The case that is next: the first whose values are not erased; None if there is none."""
        acting = Acting(self.services)
        keyed_hash = self.services.vault.lookup_hash
        for case_ref in next_cases(pool, practices, actor.ref, bundle, keyed_hash):
            dossier = read_dossier(self.services, acting.file(actor, case_ref), actor, acting.sees)
            if dossier.inputs is not None and dossier.loaded is not None:
                return dossier
        return None

    def _lines(self, bundle: str, shown: Round) -> tuple[PracticeLine, ...]:
        """The answers of a round in words."""
        concepts = self.services.registry.loaded(bundle).bundle.concepts
        titles = {concept.id: concept.title for concept in concepts}
        return tuple(
            PracticeLine(
                place=place,
                said=DECISION_WORDS[answer.decision],
                ended=OUTCOME_WORDS[answer.outcome],
                right=answer.right,
                relied=", ".join(titles.get(concept, concept) for concept in answer.concepts),
            )
            for place, answer in enumerate(shown.answers, 1)
        )


def _masked(dossier: Dossier, place: int) -> PracticeCase:
    """A case without what names anybody: the scored fields alone, none about another party."""
    assert dossier.inputs is not None and dossier.loaded is not None, "chosen so"  # noqa: PT018
    decision, given = dossier.file.decision, dossier.inputs["fields"]
    contract = dossier.loaded.bundle.contract
    advice = wording.RECOMMENDATION_WORDS[decision.recommendation]
    return PracticeCase(
        case_ref=dossier.file.case.case_ref,
        place=place,
        advice=wording.KNOCKED_OUT_WORDS if decision.knockouts else advice,
        stated=tuple(
            (field.label, field_words(field, given.get(field.name)))
            for field in contract.fields
            if field.role == "feature" and field.name not in dossier.fields_apart
        ),
        reasons=tuple(
            (concept, SIDE_WORDS[side], text) for concept, side, text in _reasons(dossier)
        ),
    )


def _reasons(dossier: Dossier) -> Sequence[tuple[str, str, str]]:
    """Concept, side and sentence of the strongest reasons, none about another party."""
    if not dossier.file.decision.reliable:
        return ()
    made = (dossier.explanation or {}).get("reasons", {})
    return [
        (reason["concept"], side, reason["text"])
        for side in SIDE_WORDS
        for reason in made.get(side, ())[:REASONS_MAX]
        if reason["concept"] not in dossier.apart
    ]


def _read(form: PracticeForm, asked: Dossier, outcome: Outcome) -> Answer:
    """What was chosen; ``Refused`` with everything that is wrong with it."""
    known, faults = {concept for concept, *_ in _reasons(asked)}, {}
    decision = next((one for one in DECISION_WORDS if one.value == form.decision), None)
    if known and not form.concepts:
        faults["concepts"] = "Choose at least one reason."
    if not known.issuperset(form.concepts):
        faults["concepts"] = "Choose among the reasons of this case."
    if decision is None:
        faults["decision"] = "Choose approve or decline."
    refuse_faulty(faults)
    assert decision is not None, "refused above"
    return Answer(
        case_ref=form.case_ref,
        decision=decision,
        outcome=outcome,
        concepts=tuple(form.concepts),
    )


def _same(form: PracticeForm, last: Round) -> bool:
    """Whether a form says what was answered last, at its place.

    The case that ended a round may begin the next one, where the same answer is a new one.
    """
    typed, answer = (form.place, form.case_ref, form.decision, form.concepts), last.answers[-1]
    place = str(len(last.answers))
    return typed == (place, answer.case_ref, answer.decision.value, answer.concepts)


def _result(one: Round) -> PracticeResult:
    """A finished round; its instant is that of the last answer."""
    at = one.answers[-1].at
    assert at is not None, "recorded answers have one"
    return PracticeResult(number=one.number, right=one.right, of=CASES, at=at)

"""What the owners do on the page of the monthly review, decided and recorded in one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from datetime import date
from typing import Any

from decision_service.acting import Acting
from decision_service.amounts import accepted_currency, minor_units
from decision_service.board_page import BoardPage
from decision_service.board_promises import TITLE as PROMISES
from decision_service.refusals import refusing
from decision_service.services import Services
from decision_service.typed_forms import refuse_faulty, typed_day
from explain.declared.bundle_schema import Kpi
from overrides.board_reviews import CostKind, Word, is_month, month_end
from overrides.journal import Decided, Draft, Json, State
from overrides.reviewing import (
    Promised,
    Reviewer,
    decide_action,
    decide_closing,
    decide_cost,
    decide_judgement,
    decide_month,
    decide_signature,
)
from overrides.values import Actor
from overrides.version_record import OWNERS
from ui.ports import Refused
from ui.review_views import ReviewForm
from ui.views import BoardSection, BoardView

ROUTE = "review"
NOTE_CHARS_MAX = 2000
HEADING = ("Group", "Number", "Value", "95 %", "Counted from", "Target")
SAID = {
    "open": "The numbers lie before the owners.",
    "sign": "Signed.",
    "action": "The action was given.",
    "close": "The action was closed.",
    "judge": "Your word was recorded.",
    "cost": "The cost was entered.",
}

Decide = Callable[[Reviewer], Draft]


@dataclass(frozen=True, slots=True)
class ReviewActs:
    """Reads the page's forms and records what they ask for."""

    services: Services

    def act(self, actor: Actor, bundle: str, form: ReviewForm) -> str:
        """Do it; a sentence. Every error leaves it as ``Refused``."""
        prepare = _PREPARED.get(form.act)
        if prepare is None:
            raise Refused(422, "Please check", "Use one of the page's forms.")
        if len(form.note) > NOTE_CHARS_MAX:
            said = f"At most {NOTE_CHARS_MAX:,} characters."
            raise Refused(422, "Please check", said, {"note": said})
        services = self.services
        with refusing():
            name = services.registry.standings().standing(bundle).name
            decide = prepare(services, name, form)
            once = Acting(services).once(actor, ROUTE, form.idempotency_key, [name, *astuple(form)])

            def command(state: State) -> Decided:
                standing = services.registry.standings_in(state).standing(name)
                by = Reviewer(
                    actor=actor,
                    bundle=name,
                    sha256=standing.active.sha256,
                    known=services.reviews.within(state),
                    now=state.now,
                    new_id=services.new_id,
                )
                return Decided((decide(by),))

            receipt = services.journal.submit(command, once=once).result()
            services.reviews.known(fresh=True)
        place = f" Recorded: ledger entry {receipt.entries[0].seq:,}." if receipt.entries else ""
        return f"{SAID[form.act]}{place}"


def _month(services: Services, bundle: str, form: ReviewForm) -> Decide:
    """Lay the month's numbers before the owners, as they stood when it ended."""
    month = form.month
    numbers: dict[str, Json] = {"rows": []}
    figures = 0
    if is_month(month) and services.clock() >= month_end(month):
        board = BoardPage(services).numbers(bundle, as_of=month_end(month))
        numbers = sheet(board)
        figures = sum(len(section.figures) for section in board.sections)
    return lambda by: decide_month(by, month, numbers, figures)


def _signature(services: Services, bundle: str, form: ReviewForm) -> Decide:
    """Sign what was read."""
    del services, bundle
    return lambda by: decide_signature(by, form.month, form.seen or "-", form.note)


def _action(services: Services, bundle: str, form: ReviewForm) -> Decide:
    """Give an owner something to do."""
    del services, bundle
    faults = {}
    owner = next((role for role in OWNERS if role.value == form.owner), None)
    due = typed_day(form.due)
    if owner is None:
        faults["owner"] = "Choose who is to do it."
    if due is None:
        faults["due"] = "Choose by when."
    refuse_faulty(faults)
    assert owner is not None, "refused above"
    assert due is not None, "refused above"
    return lambda by: decide_action(by, form.month, owner, due, form.note)


def _closing(services: Services, bundle: str, form: ReviewForm) -> Decide:
    """Close an action."""
    del services, bundle
    refuse_faulty({} if form.done in {"yes", "no"} else {"done": "Choose done or dropped."})
    return lambda by: decide_closing(by, form.action, form.note, done=form.done == "yes")


def _judgement(services: Services, bundle: str, form: ReviewForm) -> Decide:
    """Say what is to become of a promise."""
    faults = {}
    says = next((word for word in Word if word.value == form.says), None)
    kpi = _kpi(services, bundle, form.kpi)
    until = typed_day(form.until)
    if says is None:
        faults["says"] = "Choose one."
    if says is Word.EXTEND and until is None:
        faults["until"] = "Choose until when."
    refuse_faulty(faults)
    assert says is not None, "refused above"
    standing = promise_standings(services, bundle)[kpi.id]
    of = Promised(kpi=kpi.id, day=date.fromisoformat(kpi.date), standing=standing)
    return lambda by: decide_judgement(by, of, says, until, form.note)


def _kpi(services: Services, bundle: str, kpi_id: str) -> Kpi:
    """A number that the version in force declares."""
    for kpi in services.registry.loaded(bundle).bundle.kpis:
        if kpi.id == kpi_id:
            return kpi
    raise Refused(422, "Please check", "The model in force declares no such number.")


def _cost(services: Services, bundle: str, form: ReviewForm) -> Decide:
    """Enter a cost."""
    del services, bundle
    faults, currency, minor = {}, "", 0
    kind = next((one for one in CostKind if one.value == form.cost), None)
    if kind is None:
        faults["cost"] = "Choose what for."
    try:
        currency = accepted_currency(form.currency)
        minor = minor_units(form.amount, currency)
    except ValueError as wrong:
        faults["amount" if currency else "currency"] = f"{wrong}."
    refuse_faulty(faults)
    assert kind is not None, "refused above"
    return lambda by: decide_cost(by, form.month, kind, minor, currency, form.note)


_PREPARED: Mapping[str, Callable[[Services, str, ReviewForm], Decide]] = {
    "open": _month,
    "sign": _signature,
    "action": _action,
    "close": _closing,
    "judge": _judgement,
    "cost": _cost,
}


def promise_standings(services: Services, bundle: str) -> Mapping[str, str]:
    """How each number that the version in force promised stands now, by id, as the board has it."""
    kpis = services.registry.loaded(bundle).bundle.kpis
    sections = BoardPage(services).now(bundle).sections
    rows = next(section.table[1:] for section in sections if section.title == PROMISES)
    return {kpi.id: row[-1] for kpi, row in zip(kpis, rows, strict=True)}


def sheet(board: BoardView) -> dict[str, Json]:
    """The board's numbers as an entry keeps them: their words, in the order of the page."""
    rows: list[Json] = [
        [
            section.title,
            figure.label,
            figure.value,
            figure.interval,
            figure.denominator,
            figure.target,
        ]
        for section in board.sections
        for figure in section.figures
    ]
    rows += [row for section in board.sections if not section.figures for row in _tabled(section)]
    return {"rows": rows}


def sheet_rows(kept: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """The same, read back, with a heading."""
    return (HEADING, *(tuple(str(cell) for cell in row) for row in kept.get("rows", ())))


def _tabled(section: BoardSection) -> list[Json]:
    """The rows of a section that has a table and no figures, as many cells as the sheet has."""
    rows: list[Json] = []
    for row in section.table[1:]:
        said = "; ".join(
            f"{name}: {cell}" for name, cell in zip(section.table[0][1:], row[1:], strict=True)
        )
        rows.append([section.title, row[0], "", "", said, ""])
    return rows

"""The monthly review as its page has it: the month's numbers, who signed, and what runs on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from decision_service.access import Permission
from decision_service.board_reviews import COST_WORDS
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.review_acts import ReviewActs, promise_standings, sheet_rows
from decision_service.services import Services
from decision_service.wording import amount
from explain.declared.bundle_schema import Kpi
from overrides.board_reviews import (
    Action,
    Cost,
    CostKind,
    MonthReview,
    Reviews,
    is_month,
    month_end,
)
from overrides.errors import NoAuthority
from overrides.review_errors import ReviewError
from overrides.reviewing import Reviewer, decide_signature
from overrides.signing_off import TITLES
from overrides.values import Actor
from overrides.version_record import OWNERS
from ui.governance_views import OwnerLine
from ui.ports import Refused
from ui.review_views import ActionLine, PromiseLine, ReviewForm, ReviewView
from ui.views import Viewer
from ui.words import MONTHS, day_words

MONTHS_SHOWN = 24
NOT_AN_OWNER = "The model owner, risk, compliance and operations sign; your role does not."
NOT_OPEN = "Its numbers do not lie before the owners yet."
COST_HEADING = ("Month", "What for", "Amount", "Entered by")


@dataclass(frozen=True, slots=True)
class ReviewPages:
    """Fills ``ui.review_ports.Reviews``. Every error leaves it as ``Refused``."""

    services: Services

    def review(self, viewer: Viewer, bundle: str, month: str) -> ReviewView:
        """The review of a month, the last whole one where none is named."""
        actor = acting_person(self.services, viewer, Permission.BOARD)
        now = self.services.clock()
        months = _months(now)
        shown = month or months[0]
        if not is_month(shown) or now < month_end(shown):
            said = "A month is reviewed once it is over: choose an earlier one, as 2026-10."
            raise Refused(422, "Choose another month", said)
        with refusing():
            return self._view(actor, bundle, shown, months)

    def act(self, viewer: Viewer, bundle: str, form: ReviewForm) -> str:
        """Do what the form asks; a sentence."""
        actor = acting_person(self.services, viewer, Permission.SIGN_OFF)
        return ReviewActs(self.services).act(actor, bundle, form)

    def _view(self, actor: Actor, bundle: str, month: str, months: list[str]) -> ReviewView:
        """Everything on the page."""
        services = self.services
        standing = services.registry.standings().standing(bundle)
        loaded = services.registry.loaded(standing.name)
        known = services.reviews.known(fresh=True)
        review = known.month(standing.name, month)
        by = Reviewer(
            actor=actor,
            bundle=standing.name,
            sha256=standing.active.sha256,
            known=known,
            now=services.clock(),
            new_id=lambda: "",
        )
        cannot = _cannot(by, month, review)
        owning = actor.role in OWNERS
        return ReviewView(
            bundle=standing.name,
            title=loaded.bundle.title,
            month=month,
            month_words=month_words(month),
            months=tuple((one, _state_words(known, standing.name, one)) for one in months),
            today=by.now.date(),
            review_id=review.event_id if review else "",
            opened=self._opened(review),
            numbers=self._numbers(review),
            may_open=owning and review is None,
            owners=self._owners(review),
            sign_for="" if cannot else TITLES[actor.role],
            cannot=cannot,
            may_act=owning,
            roles=tuple((role.value, TITLES[role].capitalize()) for role in OWNERS),
            actions=self._actions(actor, known, standing.name, by.now.date()),
            promises=self._promises(by, loaded.bundle.kpis),
            costs=self._costs(known.costs_of(standing.name)),
            kinds=tuple((kind.value, words) for kind, words in COST_WORDS.items()),
            currency=next((cost.currency for cost in known.costs_of(standing.name)), ""),
        )

    def _opened(self, review: MonthReview | None) -> str:
        """Who laid the numbers before the owners, and when."""
        if review is None:
            return ""
        name = self.services.people.names({review.by})[review.by]
        return f"{name} laid {review.figures:,} numbers before the owners on {day_words(review.at)}"

    def _numbers(self, review: MonthReview | None) -> tuple[tuple[str, ...], ...]:
        """The numbers as they were laid before the owners."""
        if review is None:
            return ()
        opened = self._opened_slot(review.event_id, "record")
        return sheet_rows(opened) if opened else ()

    def _opened_slot(self, event_id: str, slot: str) -> Mapping[str, Any]:
        """What an entry holds encrypted; nothing where it cannot be read any more."""
        opened = self.services.ledger.open_slots(event_id, (slot,)).get(slot)
        return opened if isinstance(opened, Mapping) else {}

    def _owners(self, review: MonthReview | None) -> tuple[OwnerLine, ...]:
        """The four owners, signed or not."""
        signed = review.signed_by if review else {}
        names = self.services.people.names({one.by for one in signed.values()})
        lines = []
        for owner in OWNERS:
            words, one = TITLES[owner].capitalize(), signed.get(owner)
            line = OwnerLine(words=words)
            if one is not None:
                line = OwnerLine(words=words, signer=names[one.by], at=one.at, seq=one.seq)
            lines.append(line)
        return tuple(lines)

    def _actions(
        self, actor: Actor, known: Reviews, bundle: str, today: date
    ) -> tuple[ActionLine, ...]:
        """Every action of the bundle, open ones first."""
        found = known.actions_of(bundle)
        people = {one.by for one in found} | {one.closed.by for one in found if one.closed}
        names = self.services.people.names(people)
        return tuple(
            ActionLine(
                action_id=one.event_id,
                text=str(self._opened_slot(one.event_id, "note").get("text", "")),
                month=month_words(one.month),
                owner=TITLES[one.owner].capitalize(),
                due=one.due,
                state=_action_state(one, today),
                by=names[one.by],
                closed_by=names[one.closed.by] if one.closed else "",
                closed_at=one.closed.at if one.closed else None,
                yours=one.closed is None and one.owner is actor.role,
            )
            for one in found
        )

    def _promises(self, by: Reviewer, kpis: tuple[Kpi, ...]) -> tuple[PromiseLine, ...]:
        """Every promised number, with what the owners said of it."""
        today, lines = by.now.date(), []
        rounds = []
        for kpi in kpis:
            promise = by.known.promise(by.bundle, by.sha256, kpi.id)
            rounds.append((kpi, promise, promise.round_due(date.fromisoformat(kpi.date))))
        due_now = any(due <= today for _, _, due in rounds)
        standing = promise_standings(self.services, by.bundle) if due_now else {}
        for kpi, promise, due in rounds:
            said, agreed = promise.words(due), promise.agreed(due)
            lines.append(
                PromiseLine(
                    kpi=kpi.id,
                    title=kpi.title,
                    due=due,
                    standing=standing.get(kpi.id, "") if due <= today else "",
                    words=tuple(
                        (TITLES[owner].capitalize(), _said(said[owner].says, said[owner].until))
                        for owner in OWNERS
                        if owner in said
                    ),
                    agreed=_said(agreed.says, agreed.until) if agreed else "",
                    open=due <= today and agreed is None,
                )
            )
        return tuple(lines)

    def _costs(self, costs: tuple[Cost, ...]) -> tuple[tuple[str, ...], ...]:
        """What was entered, the newest month first."""
        names = self.services.people.names({cost.by for cost in costs})
        rows = tuple(
            (
                month_words(cost.month),
                COST_WORDS[cost.kind],
                amount(cost.amount_minor, cost.currency),
                f"{names[cost.by]}{', corrected' if cost.corrected else ''}",
            )
            for cost in costs[: MONTHS_SHOWN * len(CostKind)]
        )
        return (COST_HEADING, *rows) if rows else ()


def month_words(month: str) -> str:
    """A month as people write it: ``October 2026``."""
    return f"{MONTHS[int(month[5:]) - 1]} {month[:4]}"


def _said(says: str, until: date | None) -> str:
    """An owner's word."""
    return f"{says} until {day_words(until)}" if until else str(says)


def _months(now: datetime) -> list[str]:
    """The whole months before an instant, newest first."""
    found, last = [], now.replace(day=1)
    for _ in range(MONTHS_SHOWN):
        last = (last - timedelta(days=1)).replace(day=1)
        found.append(f"{last:%Y-%m}")
    return found


def _state_words(known: Reviews, bundle: str, month: str) -> str:
    """A month, and how far its review is."""
    review = known.month(bundle, month)
    if review is None:
        return f"{month_words(month)}: not begun"
    return f"{month_words(month)}: {len(review.signatures)} of {len(OWNERS)} signed"


def _action_state(action: Action, today: date) -> str:
    """How an action stands."""
    if action.closed is not None:
        return "done" if action.done else "dropped"
    return "overdue" if action.overdue(today) else "open"


def _cannot(by: Reviewer, month: str, review: MonthReview | None) -> str:
    """Why the actor could not sign just now; "" where they could. Nothing is recorded."""
    if review is None:
        return NOT_OPEN
    try:
        decide_signature(by, month, review.event_id)
    except NoAuthority:
        return NOT_AN_OWNER
    except ReviewError as refused:
        return str(refused)
    return ""

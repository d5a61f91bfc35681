"""Overrides that are looked at again on a day: on the case, as lists, and closing one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from decision_service.access import Permission
from decision_service.act_requests import NOTE_CHARS_MAX
from decision_service.acting import Acting
from decision_service.dossier import Dossier, application_ids
from decision_service.note_gate import check_hints
from decision_service.people_gate import acting_person
from decision_service.refusals import refusing
from decision_service.services import Services
from overrides.acts import case_of
from overrides.journal import Decided, State
from overrides.reading import ActRow, CaseRow
from overrides.review_dates import ReviewDate, decide_closing
from overrides.values import Actor
from ui.ports import Refused
from ui.review_date_views import ReviewDateLine, ReviewDateList
from ui.views import ActForm, Viewer

SOON = timedelta(days=7)  # so long before its day an override is listed
LINES_MAX = 20
READ_MAX = 200  # dates whose cases are read for one list


@dataclass(frozen=True, slots=True)
class ReviewDatePages:
    """Fills ``ui.review_date_ports.ReviewDates``. Every error leaves it as ``Refused``."""

    services: Services

    def own(self, viewer: Viewer) -> ReviewDateList:
        """The viewer's own overrides whose day comes within a week or has passed."""
        actor = acting_person(self.services, viewer, Permission.DESK)
        with refusing():
            return self._list(actor, [one for one in self._due() if one.by == actor.ref])

    def team(self, viewer: Viewer) -> ReviewDateList:
        """The same of everybody whose cases the viewer sees."""
        actor = acting_person(self.services, viewer, Permission.TEAM)
        with refusing():
            return self._list(actor, self._due())

    def close(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Record what was found when a case was looked at again; a sentence."""
        actor = acting_person(self.services, viewer, Permission.HAND_ON)
        if len(form.note) > NOTE_CHARS_MAX:
            said = f"At most {NOTE_CHARS_MAX:,} characters."
            raise Refused(422, "Please check", said, {"note": said})
        check_hints(form)
        acting, new_id = Acting(self.services), self.services.new_id

        def decide(state: State) -> Decided:
            case = case_of(state, case_id)
            rests = rests_on(self.services.cases.acts(case_id)) if case.final else ()
            found = self.services.review_dates.within(state).of_case(case_id, rests)
            return decide_closing(case, actor, found, form.note, new_id)

        with refusing():
            acting.file(actor, case_id)
            once = acting.once(actor, "review-date", form.idempotency_key, [case_id, form.note])
            receipt = self.services.journal.submit(decide, once=once).result()
            self.services.review_dates.known(fresh=True)
        return f"Looked at again. Recorded: ledger entry {receipt.entries[0].seq:,}."

    def _due(self) -> tuple[ReviewDate, ...]:
        """Dates that come within a week or have passed, the earliest first."""
        last = self.services.clock().date() + SOON
        return self.services.review_dates.known(fresh=True).due(last)

    def _list(self, actor: Actor, due: Sequence[ReviewDate]) -> ReviewDateList:
        """Those whose override is the decision that stands, of cases the actor sees."""
        acting, found = Acting(self.services), []
        for one in due[:READ_MAX]:
            file = self.services.cases.case(one.case_ref)
            if file is None or file.case.final is None or not acting.sees(actor, file.row):
                continue
            if one.of in rests_on(self.services.cases.acts(one.case_ref)):
                found.append((one, file.row))
        shown = found[:LINES_MAX]
        ids = application_ids(self.services, [row for _, row in shown])
        names = self.services.people.names({one.by for one, _ in shown})
        today = self.services.clock().date()

        def line(one: ReviewDate, row: CaseRow) -> ReviewDateLine:
            return ReviewDateLine(
                case_id=one.case_ref,
                application_id=ids[row.case_ref],
                code=one.code,
                on=one.on,
                late=one.on < today,
                by="you" if one.by == actor.ref else names[one.by],
            )

        lines = tuple(line(*pair) for pair in shown)
        return ReviewDateList(lines=lines, more=len(found) - len(shown))


def review_date_view(services: Services, dossier: Dossier, viewer: Viewer) -> ReviewDateLine | None:
    """The review date of the override that a case's decision rests on; None without one."""
    case = dossier.file.case
    if case.final is None:
        return None
    found = services.review_dates.known(fresh=True).of_case(case.case_ref, rests_on(dossier.acts))
    if found is None:
        return None
    return ReviewDateLine(
        case_id=case.case_ref,
        application_id=dossier.application_id,
        code=found.code,
        on=found.on,
        late=not found.closed_by and found.on < services.clock().date(),
        by=dossier.name(found.by),
        closed_by=dossier.name(found.closed_by),
        closed_at=found.closed_at,
        may_close=Permission.HAND_ON in viewer.may,
    )


def rests_on(acts: Sequence[ActRow]) -> tuple[str, ...]:
    """Entries that the newest decision of a case by people rests on; none without a decision."""
    ended = next((act for act in reversed(acts) if act.type == "case_decided"), None)
    return tuple(ended.data["rests_on"]) if ended else ()

"""The desk as the pages use it: finding, reading, taking and deciding cases."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from decision_service import wording
from decision_service.access import Permission
from decision_service.act_requests import (
    from_form,
    read_approval,
    read_override,
    read_review,
    read_withdrawal,
)
from decision_service.acting import Acting
from decision_service.authority_words import WHY_WORDS
from decision_service.case_history import WITHDRAWN_WORDS
from decision_service.case_rows import queue_rows
from decision_service.case_views import case_view
from decision_service.changing_pages import offer_view
from decision_service.dossier import Dossier, read_dossier
from decision_service.note_gate import check_hints
from decision_service.outlook_view import outlook_view
from decision_service.people_gate import acting_person
from decision_service.queue_pages import PAGE_ROWS, queue_page
from decision_service.refusals import refusing
from decision_service.rescore_words import rescored_words
from decision_service.review_date_pages import review_date_view
from decision_service.services import Services
from overrides.cases import OPEN_STATES
from overrides.desk import Consequence as Found
from overrides.errors import LedgerUnavailable, UnknownCase
from overrides.forms import Shown
from overrides.journal import Receipt
from overrides.reading import CaseFile, RowPage, application_key
from overrides.values import Actor, Decision, OverrideSide, Verdict
from ui import words
from ui.change_views import OutlookView
from ui.ports import Refused
from ui.views import ActForm, CaseView, Consequence, QueuePage, Viewer

LOCALE = "en"
SEARCH_CHARS_MAX = 128

EVIDENCED = ("note", "evidence", "adverse_reasons", "seen_version", "dwell_ms")
OVERRIDDEN = (*EVIDENCED, "review_on")


@dataclass(frozen=True, slots=True)
class Casework:
    """Fills ``ui.ports.Desk``. Every error leaves it as ``Refused``."""

    services: Services

    @property
    def _acting(self) -> Acting:
        """Acts on cases."""
        return Acting(self.services)

    def queue(self, viewer: Viewer, filters: Mapping[str, str], cursor: str) -> QueuePage:
        """Cases the viewer may see in one state; ``queue_pages.wanted_cases`` has the filters."""
        actor = self._reader(viewer)
        with refusing():
            return queue_page(self.services, actor, filters, cursor, self.services.clock())

    def take_next(self, viewer: Viewer) -> str:
        """Claim the most urgent free case; its id, or "" when none is free."""
        with refusing():
            return self._acting.take_next(self._decider(viewer))

    def search(self, viewer: Viewer, words: str, cursor: str) -> QueuePage:
        """Cases by application id, case id or branch, newest first."""
        actor = self._reader(viewer)
        now = self.services.clock()
        asked = words.strip()[:SEARCH_CHARS_MAX].replace("\x00", "")
        with refusing():
            found = self._page(
                lambda: self.services.cases.search(
                    asked, branch=_branch(actor), cursor=cursor, limit=PAGE_ROWS
                )
            )
            own = () if cursor else self._of_application(actor, asked)
            known = {file.row.case_ref for file in own}
            rows = [file.row for file in own]
            rows += [row for row in found.rows if row.case_ref not in known]
            return QueuePage(
                rows=queue_rows(self.services, rows, actor, now),
                total=len(rows),
                next_cursor=found.next_cursor,
                as_of=now,
            )

    def application(self, viewer: Viewer, application_id: str) -> str:
        """Id of the case of this application; the newest where several bundles have one."""
        actor = self._reader(viewer)
        with refusing():
            found = self._of_application(actor, application_id)
            if not found:
                raise UnknownCase(application_id[:64])
            newest = max(found, key=lambda file: (file.row.opened_at, file.row.case_ref))
            return newest.row.case_ref

    def case(self, viewer: Viewer, case_id: str) -> CaseView:
        """Everything about one case; records that the reasons were shown to a decider."""
        actor = self._reader(viewer)
        with refusing():
            dossier = self._dossier(actor, case_id)
            self.services.viewings.note(actor, "case", case=dossier.file.case.case_ref)
            view = case_view(dossier, actor, self.services.clock())
            view = replace(
                view,
                offer=offer_view(self.services, dossier, actor),
                review_date=review_date_view(self.services, dossier, viewer),
            )
            if Permission.DECIDE in viewer.may and dossier.file.case.status in OPEN_STATES:
                self._record_shown(actor, dossier, view)
        return view

    def what_would_change(self, viewer: Viewer, case_id: str) -> OutlookView:
        """What would turn the recommendation of one case, worked out now."""
        actor = self._reader(viewer)
        with refusing():
            dossier = self._dossier(actor, case_id)
            self.services.viewings.note(actor, "what_would_change", case=dossier.file.case.case_ref)
            return outlook_view(self.services, dossier)

    def claim(self, viewer: Viewer, case_id: str) -> None:
        """Take the lease."""
        with refusing():
            self._acting.claim(self._decider(viewer), case_id)

    def release(self, viewer: Viewer, case_id: str) -> None:
        """Give the lease back."""
        with refusing():
            self._acting.release(self._decider(viewer), case_id)

    def review(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Agree, or decide a referred case."""
        actor = self._decider(viewer)
        asked = from_form(read_review, form, "decision", *EVIDENCED)
        check_hints(form)
        with refusing():
            once = self._acting.once(actor, "review", form.idempotency_key, _said(case_id, form))
            receipt = self._acting.review(actor, case_id, asked, once)
        return _recorded(receipt, f"{wording.DONE_WORDS[asked.decision].capitalize()}.")

    def preview_override(self, viewer: Viewer, case_id: str, form: ActForm) -> Consequence:
        """Check an override without recording it, and say what it would do."""
        actor = self._decider(viewer)
        asked = from_form(read_override, form, "decision", "justification_code", *OVERRIDDEN)
        with refusing():
            found = self._acting.preview(actor, case_id, asked)
        return _consequence(asked.decision, found)

    def override(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Record an override, or propose it."""
        actor = self._decider(viewer)
        asked = from_form(read_override, form, "decision", "justification_code", *OVERRIDDEN)
        check_hints(form)
        with refusing():
            once = self._acting.once(actor, "override", form.idempotency_key, _said(case_id, form))
            receipt = self._acting.override(actor, case_id, asked, once)
        if receipt.answer["needs"]:
            needs = wording.NEEDS_WORDS[receipt.answer["needs"]]
            return _recorded(receipt, f"The override is proposed. {needs}")
        done = wording.DONE_WORDS[asked.decision].capitalize()
        return _recorded(receipt, f"{done} against the recommendation.")

    def approval(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Uphold, return or reject a proposed override."""
        actor = acting_person(self.services, viewer, Permission.APPROVE)
        asked = from_form(read_approval, form, "verdict", "note", "seen_version")
        check_hints(form)
        with refusing():
            once = self._acting.once(actor, "approval", form.idempotency_key, _said(case_id, form))
            receipt = self._acting.approval(actor, case_id, asked, once)
        return _recorded(receipt, VERDICT_SENTENCES[asked.verdict])

    def rescore(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Score the case again under the version in force."""
        actor = self._decider(viewer)
        with refusing():
            once = self._acting.once(actor, "rescore", form.idempotency_key, _said(case_id, form))
            answer = self._acting.rescore(actor, case_id, form.seen_version, once)
        return rescored_words(answer)

    def withdraw(self, viewer: Viewer, case_id: str, form: ActForm) -> str:
        """Close the case without a decision."""
        actor = self._decider(viewer)
        asked = from_form(read_withdrawal, form, "reason", "note", "seen_version")
        check_hints(form)
        with refusing():
            key, said = form.idempotency_key, _said(case_id, form)
            once = self._acting.once(actor, "withdrawal", key, said)
            receipt = self._acting.withdraw(actor, case_id, asked, once)
        return _recorded(receipt, f"The case is closed. {WITHDRAWN_WORDS[asked.reason]}")

    def _dossier(self, actor: Actor, case_id: str) -> Dossier:
        """One case the actor may see."""
        file = self._acting.file(actor, case_id)
        return read_dossier(self.services, file, actor, self._acting.sees)

    def _of_application(self, actor: Actor, application_id: str) -> tuple[CaseFile, ...]:
        """Cases of an application's id that the actor may see, as given or all in one case."""
        given = application_id.strip()
        spellings = dict.fromkeys((given, given.upper(), given.lower()))
        every = (cases_of_application(self.services, text) for text in spellings)
        found = next((refs for refs in every if refs), ())
        files = [self.services.cases.case(ref) for ref in found]
        return tuple(file for file in files if file and self._acting.sees(actor, file.row))

    def _record_shown(self, actor: Actor, dossier: Dossier, view: CaseView) -> None:
        """Write down, once per person and decision, which reasons stood on the page.

        Of a reason about a party who is not the applicant only which it was: its words lie in that
        party's own part, and go with it.
        """
        decision = dossier.file.decision
        before = any(
            act.type == "reasons_shown"
            and act.actor == actor.ref
            and act.data["decision_id"] == decision.decision_id
            for act in dossier.acts
        )
        if before:
            return
        sides = {"adverse": view.adverse, "favourable": view.favourable}
        shown = Shown(
            decision_id=decision.decision_id,
            codebook=view.codebook_version,
            locale=LOCALE,
            count=len(view.adverse) + len(view.favourable),
            concepts=tuple(reason.concept for reason in (*view.adverse, *view.favourable)),
            content={
                "recommendation": view.recommendation_words,
                "score": view.odds_words,
                "distance": view.distance_words,
                **{
                    side: [
                        {"concept": reason.concept}
                        | ({} if reason.concept in dossier.apart else {"text": reason.text})
                        for reason in reasons
                    ]
                    for side, reasons in sides.items()
                },
                "data_quality": [
                    {"field": fault.field, "code": fault.code, "concepts": list(fault.concepts)}
                    for fault in view.faults
                    if fault.field not in dossier.fields_apart
                ],
            },
        )
        try:
            self._acting.shown(actor, dossier.file.case.case_ref, shown)
        except LedgerUnavailable:
            return  # reading goes on while nothing can be written; deciding does not

    def _reader(self, viewer: Viewer) -> Actor:
        """The viewer as one who may look at cases."""
        return acting_person(self.services, viewer, Permission.DESK)

    def _decider(self, viewer: Viewer) -> Actor:
        """The viewer as one who may decide."""
        return acting_person(self.services, viewer, Permission.DECIDE)

    def _page(self, read: Callable[[], RowPage]) -> RowPage:
        """A page of rows; a cursor that no page gave is refused."""
        try:
            return read()
        except ValueError:
            raise Refused(404, "Page not found", "Start again from the first page.") from None


def cases_of_application(services: Services, application_id: str) -> tuple[str, ...]:
    """References of the cases of an application's id, one per bundle that has one."""
    bundles = services.registry.standings().versions
    lookup = services.vault.lookup_hash
    keys = [application_key(lookup, name, application_id) for name in sorted(bundles)]
    return tuple(row.case_ref for row in services.cases.applications(keys))


VERDICT_SENTENCES = {
    Verdict.UPHOLD: "Upheld: the override is the decision.",
    Verdict.RETURN: (
        "Returned: your question stands at the top of the case, which is free for the proposer "
        "or any other officer."
    ),
    Verdict.REJECT: "Rejected: the recommendation stands, and another officer decides the case.",
}


def _branch(actor: Actor) -> str | None:
    """The branch whose cases the actor's lists hold; None for all."""
    return actor.branch or None


def _said(case_id: str, form: ActForm) -> dict[str, object]:
    """What makes one sending of a form another than the next."""
    return {
        "case": case_id,
        "decision": form.decision,
        "code": form.code,
        "note": form.note,
        "evidence": [[item.kind, item.reference, item.sha256] for item in form.evidence],
        "concepts": list(form.concepts),
        "verdict": form.verdict,
        **({"review_on": form.review_on} if form.review_on else {}),
        "seen_version": form.seen_version,
    }


def _recorded(receipt: Receipt, said: str) -> str:
    """What was recorded, and where."""
    if not receipt.entries:
        return said
    again = "Recorded before, and not twice" if receipt.replayed else "Recorded"
    return f"{said} {again}: ledger entry {receipt.entries[0].seq:,}."


def _consequence(decision: Decision, found: Found) -> Consequence:
    """What an override would do, said before it is done."""
    done = wording.DONE_WORDS[decision]
    lines = [wording.SIDE_WORDS[found.side]]
    if found.needs:
        lines.append(f"It is not final. {wording.NEEDS_WORDS[found.needs]}")
        lines += [WHY_WORDS[why] for why in found.why]
    else:
        lines.append(f"The application is {done} at once. No second person is needed.")
    if found.side is OverrideSide.DECLINED_AGAINST_MODEL:
        lines.append(
            "The reasons you named, and no reasons of the model, are the grounds on record."
        )
    if found.review_on:
        lines.append(f"It is listed to be looked at again on {words.day_words(found.review_on)}.")
    lines.append(f"It is recorded as your act with code {found.code.code}, for good.")
    return Consequence(lines=tuple(lines), needs_approval=bool(found.needs))

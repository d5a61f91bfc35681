"""An application made ready to be scored: checked, dated, filled in with the bundle's defaults."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from decision_service.applications import MINOR_MAX, Application
from decision_service.assigning import Assigner
from decision_service.decision_record import Prepared
from decision_service.errors import Fault, InvalidRequest
from decision_service.oversight import Oversight
from decision_service.party_parts import SECRET_BYTES
from decision_service.registry import InUse
from decision_service.wording import NO_CURRENCY
from explain.declared.contract import CheckedFields
from explain.errors import FieldProblem
from overrides.currencies import digits_shown
from overrides.reading import application_key
from overrides.urgency import limit_days
from overrides.values import Actor, Clock, Money
from overrides.vault import Vault
from overrides.working_time import ALWAYS, Calendar, WorkingWeek

CLOCK_SKEW = timedelta(minutes=5)
SERVICE_UNKNOWN = timedelta(hours=24)  # where the policy cannot be read
SUBJECT_CHARS = 32


@dataclass(frozen=True, slots=True)
class Preparer:
    """Checks applications against the contract of the bundle that will score them."""

    vault: Vault
    clock: Clock
    calendar: Calendar = ALWAYS
    assigner: Assigner | None = None  # None where nobody is there to be drawn
    oversight: Oversight | None = None  # None where nothing is recorded

    def prepare(
        self, application: Application, used: InUse, actor: Actor, *, simulated: bool
    ) -> Prepared:
        """The application with everything that is known before it is scored.

        Raises ContractBroken naming every faulty field, InvalidRequest for times to come.
        """
        now, name = self.clock(), used.version.name
        checked, defaults = None, None
        if used.loaded:
            defaults = used.loaded.policy.spec.defaults
            contract = used.loaded.bundle.contract
            checked = contract.check(application.fields, application.fields_meta, now)
        amount, differs = _amount(application, used, checked)
        if checked is not None and differs is not None:
            checked = replace(checked, warnings=(*checked.warnings, differs))
        received, completed = _times(application, now)
        applicant = application.applicant
        own = f"application\0{name}\0{application.application_id}"
        branch = application.branch or (defaults.branch if defaults else "")
        jurisdiction = application.jurisdiction or (defaults.jurisdiction if defaults else "")
        week = self.calendar.of(branch)
        limit, target = _limit(used, jurisdiction, completed), _target(used, received, week)
        return Prepared(
            application=application,
            actor=actor,
            in_use=used,
            checked=checked,
            amount=amount,
            product=application.product or (defaults.product if defaults else ""),
            branch=branch,
            channel=application.channel or (defaults.channel if defaults else ""),
            jurisdiction=jurisdiction,
            received_at=received,
            completed_at=completed,
            due_at=target if limit is None else min(limit, target),
            limit_at=limit,
            target_at=target,
            subject=self.subject(applicant.ref if applicant else own),
            party_subjects=tuple(self.subject(party.ref) for party in application.parties),
            application_key=application_key(
                self.vault.lookup_hash, name, application.application_id
            ),
            simulated=simulated,
            assigned=self.assigner.draw(used, branch, amount, week, now) if self.assigner else None,
            lot=self.oversight.lot() if self.oversight else None,
            secret=self._secret(application),
        )

    def _secret(self, application: Application) -> bytes:
        """What shares of reasons are drawn from, where there can be any."""
        apart = any(party.fields for party in application.parties)
        return self.vault.random_bytes(SECRET_BYTES) if apart else b""

    def subject(self, ref: str) -> str:
        """Reference of a party's encryption key."""
        return self.vault.lookup_hash("party", ref)[:SUBJECT_CHARS]


def _times(application: Application, now: datetime) -> tuple[datetime, datetime]:
    """When the application was received and complete; now, unless it says otherwise."""
    faults = [
        Fault(f"/{name}", "Give a time that has passed.")
        for name in ("received_at", "completed_at")
        if (given := getattr(application, name)) and given > now + CLOCK_SKEW
    ]
    if faults:
        raise InvalidRequest(tuple(faults))
    received = application.received_at or application.completed_at or now
    return received, application.completed_at or received


def _limit(used: InUse, jurisdiction: str, completed: datetime) -> datetime | None:
    """By when the law wants a decision; None where the policy cannot be read."""
    if used.loaded is None:
        return None
    spec = used.loaded.policy.spec
    days = limit_days(spec.legal_clock_days, spec.legal_clock_days_in, jurisdiction)
    return completed + timedelta(days=days)


def _target(used: InUse, received: datetime, week: WorkingWeek) -> datetime:
    """By when the lender promised a decision, in the branch's working time."""
    if used.loaded is None:
        return received + SERVICE_UNKNOWN
    return week.after(received, timedelta(hours=used.loaded.policy.spec.service_hours))


def _amount(
    application: Application, used: InUse, checked: CheckedFields | None
) -> tuple[Money, FieldProblem | None]:
    """The amount that limits are held against, and a warning where two were given.

    Limits go by the larger of the amount named apart and the amount that was scored: an amount
    may not be scored as one and approved as another without a person who is told so.
    """
    scored, named = _scored_amount(used, checked), application.amount
    if named is None:
        return scored, None
    unknown = scored.currency == NO_CURRENCY or not scored.minor
    if unknown or named == scored or used.loaded is None:
        return named, None
    field = used.loaded.bundle.contract[used.loaded.policy.spec.defaults.amount_field]
    detail = f"{field.label} and the amount of the application differ; limits go by the larger."
    larger = scored if scored.currency == named.currency and scored.minor > named.minor else named
    return larger, FieldProblem(field.name, "amount_differs", detail)


def _scored_amount(used: InUse, checked: CheckedFields | None) -> Money:
    """The amount asked for, from the field that holds it, in minor units."""
    if used.loaded is None or checked is None:
        return Money(0, NO_CURRENCY)
    defaults = used.loaded.policy.spec.defaults
    name = defaults.amount_field
    value = checked.features.get(name, checked.context.get(name))
    if not isinstance(value, float) or value < 0:
        return Money(0, defaults.currency)
    whole = 10 ** digits_shown(defaults.currency)
    minor = int((Decimal(repr(value)) * whole).to_integral_value())
    return Money(min(minor, MINOR_MAX), defaults.currency)

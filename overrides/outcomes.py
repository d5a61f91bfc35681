"""What became of a loan, written down once: a later record of the same corrects the earlier one."""

from datetime import timedelta

from overrides.cases import Case
from overrides.errors import OutcomeRefused
from overrides.instants import instant_text
from overrides.journal import About, Decided, Draft, Slot, State, Told
from overrides.labels import add_months
from overrides.outcome_lines import AMOUNT_KINDS, OutcomeRecord
from overrides.reading import KeyedHash
from overrides.values import Actor, NewId

EARLY_BY_MAX = timedelta(days=1)  # books in an earlier time zone close their day before ours

SOURCE_API = "api"  # each report is a new one: its Idempotency-Key tells repeats apart


def account_key(lookup: KeyedHash, case_ref: str, account: str) -> str:
    """Keyed hash under which an account of a case is found again by its number in the books."""
    return lookup("account", f"{case_ref}\0{account}")


def _check_fits(case: Case, record: OutcomeRecord) -> None:
    """Refuse an amount in another currency, and what happened before anybody applied for the loan.

    Days past due and mere events have no currency, whatever account they are of.
    """
    asked, of_money = case.amount.currency, record.kind in AMOUNT_KINDS and record.value
    if of_money and record.currency and record.currency != asked:
        raise OutcomeRefused(
            problem=f"the amount is in {record.currency}, the application in {asked}"
        )
    applied = case.applied_at - EARLY_BY_MAX
    day = f"{case.applied_at:%d %b %Y}"
    if record.observed_at < applied:
        raise OutcomeRefused(problem=f"observed_at lies before the application of {day}")
    months = record.months_on_book
    if months and add_months(record.observed_at, 1 - months) < applied:
        raise OutcomeRefused(
            problem=f"{months} months_on_book reach back before the application of {day}"
        )


def _account_number(state: State, case_ref: str, account: str) -> int:
    """Which of the case's accounts this is, in the order they were heard of; 0 for none."""
    if not account:
        return 0
    known = state.outcome_accounts(case_ref)
    return known.get(account) or max(known.values(), default=0) + 1


def decide_outcome(
    case: Case | None,
    record: OutcomeRecord,
    actor: Actor,
    state: State,
    new_id: NewId,
    *,
    source: str,
    account: str = "",
    simulated: bool = False,
) -> Decided:
    """Write an observation down once; another value for the same kind and instant corrects it.

    ``source`` is the file's sha256 or "api", ``account`` the keyed hash of the record's account, if
    it names one: the ledger says in the open only which of the case's accounts it is. The
    answer's ``result`` is ``recorded``, ``corrected`` or ``unchanged``.

    Raises ``OutcomeRefused`` for an unknown application, for another currency than the
    application's, and for an observation in the future or from before the application.
    """
    if case is None:
        raise OutcomeRefused(problem="no case was opened for this application")
    if record.observed_at > state.now + EARLY_BY_MAX:
        raise OutcomeRefused(problem="observed_at lies in the future")
    _check_fits(case, record)
    observed_at = instant_text(record.observed_at)
    number = _account_number(state, case.case_ref, account)
    about = About(case.case_ref, record.kind, observed_at, number)
    latest = state.outcome_at(about)
    # A file taken in again takes back nothing that came after it; an old value told anew does.
    told = Told(record.value, source)
    again = source != SOURCE_API and state.outcome_told(about, told)
    if again or (latest is not None and latest[1] == record.value):
        return Decided((), {"case_id": case.case_ref, "result": "unchanged"})
    corrects = latest[0] if latest else None
    draft = Draft(
        event_id=new_id(),
        type="outcome_observed" if corrects is None else "outcome_corrected",
        actor=actor.ref,
        role=actor.role.value,
        data={
            "kind": record.kind.value,
            "value": record.value,
            "observed_at": observed_at,
            "months_on_book": record.months_on_book,
            "source": source,
            "corrects": corrects,
            "simulated": simulated,
            **({"account": number} if number else {}),
            **({"currency": record.currency} if record.currency else {}),
        },
        case=case.case_ref,
        slots=(Slot("account", case.subject, {"number": record.account}),) if number else (),
        cause=() if corrects is None else (corrects,),
    )
    result = "recorded" if corrects is None else "corrected"
    answer = {"case_id": case.case_ref, "result": result, "event_id": draft.event_id}
    return Decided((draft,), answer)

"""The demo's loan book: which approved loans are taken, how they are paid, what is reported.

Whether a loan ends bad is the sample's real answer; in which month it stops paying, and that a few
are never taken, is made up from the demo's seed.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from overrides.instants import instant_text
from overrides.labels import add_months

MONTHS_REPORTED = 12
NOT_TAKEN_SHARE = 0.03
SLIPS_SHARE = 0.1  # of good loans that are once a few days late


@dataclass(slots=True)
class Loan:
    """A loan that was paid out, and what its books still have to say."""

    application_id: str
    paid_out: datetime
    amount_minor: int
    arrears: Mapping[int, int]  # month on book: worst days past due in it
    ends: int  # last month on book that is reported
    written_off: bool
    reported: int = -1


def taken(
    application_id: str,
    amount_minor: int,
    approved_at: datetime,
    *,
    bad: bool,
    chance: random.Random,
) -> Loan:
    """The loan that follows an approval, with all that its books will ever say."""
    paid_out = approved_at + timedelta(days=chance.randint(2, 9))
    arrears: dict[int, int] = {}
    ends = MONTHS_REPORTED
    if chance.random() < NOT_TAKEN_SHARE:
        ends = -1
    elif bad:
        stops = chance.randint(1, 7)
        arrears = {stops: 30, stops + 1: 60, stops + 2: 90, stops + 3: 120}
        ends = stops + 3
    elif chance.random() < SLIPS_SHARE:
        arrears = {chance.randint(2, 11): chance.randint(3, 20)}
    return Loan(application_id, paid_out, amount_minor, arrears, ends, bad)


def report(loan: Loan, closing: datetime) -> Iterator[tuple[object, ...]]:
    """Lines of the loan book about one loan since it was last reported."""
    if loan.ends < 0:
        if loan.reported < 0 and loan.paid_out < closing:
            loan.reported = 0
            yield (loan.application_id, instant_text(loan.paid_out), "not_taken", "", "")
        return
    if loan.reported < 0 and loan.paid_out < closing:
        loan.reported = 0
        when = instant_text(loan.paid_out)
        yield (loan.application_id, when, "disbursed", loan.amount_minor, 0)
    while loan.reported < loan.ends:
        month = loan.reported + 1
        at = add_months(loan.paid_out, month)
        if loan.reported < 0 or at > closing:
            return
        loan.reported = month
        late = loan.arrears.get(month, 0)
        yield (loan.application_id, instant_text(at), "max_days_past_due", late, month)
        if loan.written_off and month == loan.ends:
            when = instant_text(at + timedelta(hours=1))
            yield (loan.application_id, when, "written_off", loan.amount_minor, month)

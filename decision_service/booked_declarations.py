"""What people declare of a file of booked loans on its page, read with every fault named."""

from decimal import Decimal, InvalidOperation

from overrides.booked_loans import DATES, DECIMALS, OPTIONAL, REQUIRED, Declared
from overrides.reconciling import ProductScope
from ui.finding_views import BookedForm
from ui.ports import Refused

DAYS_MAX = 3_650
NAMES_MAX = 200
PER_CENT = 100


def declared_of(form: BookedForm) -> Declared:
    """How the file is written. Raises ``Refused`` (422) naming each field that is wrong."""
    faults: dict[str, str] = {}
    columns: dict[str, str] = {}
    for line in filter(None, map(str.strip, form.columns.splitlines())):
        ours, equals, theirs = (part.strip() for part in line.partition("="))
        if ours not in (*REQUIRED, *OPTIONAL) or not equals or not theirs:
            known = ", ".join((*REQUIRED, *OPTIONAL))
            faults["columns"] = f"{line[:60]!r}: write ours=theirs, where ours is one of {known}."
        columns[ours] = theirs
    if form.dates and form.dates not in DATES:
        faults["dates"] = "Choose how the dates are written."
    if form.decimal and form.decimal not in DECIMALS:
        faults["decimal"] = "Choose what stands before the decimals."
    _check(faults)
    return Declared(
        encoding=form.encoding,
        dates=form.dates,
        decimal=form.decimal,
        currency=form.currency,
        columns=columns,
    )


def scope_of(form: BookedForm, branch: str) -> ProductScope:
    """What is in scope, of one branch where one is named. Raises ``Refused`` as above."""
    faults: dict[str, str] = {}
    products = frozenset(filter(None, map(str.strip, form.products.split(","))))
    if len(products) > NAMES_MAX:
        faults["products"] = f"At most {NAMES_MAX} products."
    try:
        share = Decimal(form.tolerance) / PER_CENT
    except InvalidOperation:
        share = Decimal(-1)
    if not share.is_finite() or not 0 <= share <= 1:
        faults["tolerance"] = "Give per cent from 0 to 100."
    days = {}
    for name, typed in (("days_apart", form.days_apart), ("unbooked_days", form.unbooked_days)):
        whole = typed.isascii() and typed.isdigit() and len(typed) <= len(str(DAYS_MAX))
        if not whole or int(typed) > DAYS_MAX:
            faults[name] = f"Give whole days from 0 to {DAYS_MAX:,}."
        else:
            days[name] = int(typed)
    _check(faults)
    return ProductScope(
        products=products,
        branches=frozenset({branch} if branch else ()),
        exempt_kinds=frozenset(() if form.renewals else {"renewal"}),
        amount_share=share,
        **days,
    )


def _check(faults: dict[str, str]) -> None:
    """Refuse the form with everything that is wrong with it."""
    if faults:
        said = next(iter(faults.values())) if len(faults) == 1 else "Look at the marked fields."
        raise Refused(422, "Please check", said, faults)

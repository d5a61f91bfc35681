"""Amounts of money as people type them, in the main unit of a currency."""

import re

from decision_service.wording import NO_CURRENCY, SIGNS
from overrides.currencies import digits_shown

SHAPE = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,4}))?", re.ASCII)
CODES = {sign: code for code, sign in SIGNS.items()}


def minor_units(text: str, currency: str) -> int:
    """Minor units of an amount such as ``25000`` or ``1999.50``. Raises ``ValueError``."""
    found = SHAPE.fullmatch(text.strip().replace(",", ""))
    digits = digits_shown(currency)
    if found is None or len(found[2] or "") > digits:
        of = "" if currency == NO_CURRENCY else f" of {currency}"
        msg = f"{text!r} is not an amount{of}: write it like 25000"
        raise ValueError(msg)
    return int(found[1] + (found[2] or "").ljust(digits, "0"))


def accepted_currency(text: str) -> str:
    """The code of a currency. Raises ``ValueError``."""
    code = text.strip().upper()
    if code in CODES:
        msg = f"{text!r} is a sign: write the currency's code, {CODES[code]}"
        raise ValueError(msg)
    if not (len(code) == len(NO_CURRENCY) and code.isascii() and code.isalpha()):
        msg = f"{text!r} is not a currency: write its code of three letters, like EUR"
        raise ValueError(msg)
    return code

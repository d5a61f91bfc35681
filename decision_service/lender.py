"""What letters say of the lender, from a file of the installation: ``lender.json``.

Members: ``name``, ``address`` (lines), ``contact`` (whom to ask for another look), ``agency`` (name
and address of who sees to the law), ``advice`` (free advice on debts), ``bureaus`` (name: address
and telephone), ``second_person`` (``held``: only held letters are checked by another person;
``always``). All texts; those that are missing hold the letters that need them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from decision_service.installation_errors import LenderUnreadable

BYTES_MAX = 64_000
TEXT_CHARS_MAX = 400
TEXTS = ("name", "contact", "agency", "advice", "second_person")
SECOND_PERSON = ("held", "always")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lender:
    """What is known of the lender; "" where it is not."""

    name: str = ""
    address: tuple[str, ...] = ()
    contact: str = ""
    agency: str = ""
    advice: str = ""
    bureaus: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    second_person: str = "held"


def lender_at(path: Path) -> Lender:
    """The lender in a file; an empty one where there is none. Raises ``LenderUnreadable``."""
    if not path.exists():
        return Lender()
    try:
        read = path.read_bytes()
        found = json.loads(read) if len(read) <= BYTES_MAX else None
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise LenderUnreadable(file=path.name, problem="it is not one object in JSON")
    unknown = found.keys() - {*TEXTS, "address", "bureaus"}
    lines, bureaus = found.get("address", []), found.get("bureaus", {})
    texts = {name: found[name] for name in TEXTS if name in found}
    whole = (
        not unknown
        and isinstance(lines, list)
        and isinstance(bureaus, dict)
        and all(_fits(text) for text in [*texts.values(), *lines, *bureaus, *bureaus.values()])
    )
    if not whole or texts.get("second_person", "held") not in SECOND_PERSON:
        problem = f"a member is unknown, too long, or of the wrong kind {sorted(unknown)}".rstrip(
            " []"
        )
        raise LenderUnreadable(file=path.name, problem=problem)
    return Lender(address=tuple(lines), bureaus=MappingProxyType(dict(bureaus)), **texts)


def lender_problem(path: Path) -> str:
    """Why the file cannot be read; "" where it can, and where there is none."""
    try:
        lender_at(path)
    except LenderUnreadable as unreadable:
        return str(unreadable)
    return ""


def _fits(text: object) -> bool:
    """Whether this is a text that a letter has room for."""
    return isinstance(text, str) and len(text) <= TEXT_CHARS_MAX and text.isprintable()

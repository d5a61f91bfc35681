"""One application as it is sent: read strictly, every fault named by its place, none repeated."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from decision_service.errors import Fault, InvalidRequest
from overrides.instants import EARLIEST
from overrides.retention import PLACE
from overrides.values import Money

APPLICANT = "applicant"
PARTY_MEMBERS = frozenset({"ref", "role"})
PARTY_ROLES = (APPLICANT, "co-applicant", "guarantor")
META_MEMBERS = ("as_of", "source", "version")
REF_CHARS_MAX = 128
WORD_CHARS_MAX = 64
META_CHARS_MAX = 200
PARTIES_MAX = 10
MINOR_MAX = 10**15  # amounts beyond this are mistakes, and stay below 2**53

_CURRENCY = re.compile(r"[A-Z]{3}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_WORDS = ("branch", "channel", "product")
MEMBERS = frozenset(
    (
        "application_id",
        "bundle",
        "fields",
        "fields_meta",
        "received_at",
        "completed_at",
        "amount",
        "parties",
        "jurisdiction",
        *_WORDS,
    )
)


@dataclass(frozen=True, slots=True)
class Party:
    """Someone whose data the application holds; each has an encryption key of their own.

    ``fields`` are those of the application's fields that are about them, and not the applicant.
    """

    ref: str
    role: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a lender asks to be decided. Empty texts and None stand for the bundle's defaults."""

    application_id: str
    fields: Mapping[str, object]
    bundle: str = ""
    fields_meta: Mapping[str, Mapping[str, str]] | None = None
    received_at: datetime | None = None
    completed_at: datetime | None = None
    branch: str = ""
    channel: str = ""
    product: str = ""
    jurisdiction: str = ""
    amount: Money | None = None
    parties: tuple[Party, ...] = ()

    @property
    def applicant(self) -> Party | None:
        """The first party who is an applicant, else the first of all."""
        named = (party for party in self.parties if party.role == APPLICANT)
        return next(named, self.parties[0] if self.parties else None)


def read_application(body: object) -> Application:
    """An application from parsed JSON; raises InvalidRequest naming every fault."""
    if not isinstance(body, dict):
        raise InvalidRequest((Fault("", "Send a JSON object."),))
    reader = _Reader(body)
    unknown = sorted(str(name)[:WORD_CHARS_MAX] for name in body.keys() - MEMBERS)
    for name in unknown:
        reader.fault(name, "Leave it out: a request has no member of this name.")
    fields = body.get("fields")
    if not isinstance(fields, dict):
        reader.fault("fields", "Give the application's fields as an object.")
    application_id = reader.text("application_id", REF_CHARS_MAX)
    if not application_id and "application_id" not in reader.faulty:
        reader.fault("application_id", "Give your own id of this application.")
    read = Application(
        application_id=application_id,
        fields=fields if isinstance(fields, dict) else {},
        bundle=reader.text("bundle", WORD_CHARS_MAX),
        fields_meta=reader.meta(),
        received_at=reader.instant("received_at"),
        completed_at=reader.instant("completed_at"),
        amount=reader.amount(),
        parties=reader.parties(),
        jurisdiction=reader.place("jurisdiction"),
        **{name: reader.text(name, WORD_CHARS_MAX) for name in _WORDS},
    )
    if read.received_at and read.completed_at and read.completed_at < read.received_at:
        reader.fault("completed_at", "An application is completed after it is received.")
    if reader.faults:
        raise InvalidRequest(tuple(reader.faults))
    return read


class _Reader:
    """Reads members of a request and keeps what is wrong with them."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body
        self.faults: list[Fault] = []
        self.faulty: set[str] = set()

    def fault(self, place: str, advice: str) -> None:
        """Note a fault at a member, or deeper with a slash."""
        self.faulty.add(place)
        self.faults.append(Fault(f"/{place}", advice))

    def text(self, name: str, longest: int) -> str:
        """A short printable text; empty when it is not given."""
        return self._text(self._body.get(name), name, longest)

    def place(self, name: str) -> str:
        """A country or a part of one, as retention schedules name them."""
        place = self.text(name, WORD_CHARS_MAX)
        if not place or PLACE.fullmatch(place):
            return place
        self.fault(name, "Give a country, or a part of one, as ISO 3166 has it: US or US-CA.")
        return ""

    def instant(self, name: str) -> datetime | None:
        """An instant in UTC."""
        value = self._body.get(name)
        if value is None:
            return None
        if isinstance(value, str) and _INSTANT.fullmatch(value):
            try:
                return self._since_then(name, datetime.fromisoformat(value))
            except (ValueError, OverflowError):
                pass
        self.fault(name, "Give an RFC 3339 time with its zone, such as 2026-11-22T09:30:00Z.")
        return None

    def _since_then(self, name: str, at: datetime) -> datetime | None:
        """The instant in UTC, unless it is older than any application."""
        if at >= EARLIEST:
            return at.astimezone(UTC)
        self.fault(name, f"Give a time from {EARLIEST.year} on.")
        return None

    def amount(self) -> Money | None:
        """An amount of money in minor units."""
        value = self._body.get("amount")
        if value is None:
            return None
        if not isinstance(value, dict) or value.keys() != {"minor", "currency"}:
            self.fault("amount", 'Give {"minor": whole number, "currency": three letters}.')
            return None
        minor, currency = value["minor"], value["currency"]
        if type(minor) is not int or not 0 <= minor <= MINOR_MAX:
            advice = f"Give a whole number of minor units, from 0 to {MINOR_MAX}."
            self.fault("amount/minor", advice)
            return None
        if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
            self.fault("amount/currency", "Give three capital letters (ISO 4217).")
            return None
        return Money(minor, currency)

    def parties(self) -> tuple[Party, ...]:
        """The parties, each reference once."""
        value = self._body.get("parties")
        if value is None:
            return ()
        if not isinstance(value, list) or not 1 <= len(value) <= PARTIES_MAX:
            self.fault("parties", f"Give a list of 1 to {PARTIES_MAX} parties.")
            return ()
        found = [self._party(item, f"parties/{place}") for place, item in enumerate(value)]
        refs = [party.ref for party in found if party]
        if len(set(refs)) != len(refs):
            self.fault("parties", "Name each party once.")
        named = [name for party in found if party for name in party.fields]
        if len(set(named)) != len(named):
            self.fault("parties", "Each field is about one party.")
        return tuple(party for party in found if party)

    def meta(self) -> Mapping[str, Mapping[str, str]] | None:
        """Where values come from, per field."""
        value = self._body.get("fields_meta")
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault("fields_meta", "Give an object with one object per field.")
            return None
        read = {}
        for name, about in value.items():
            place = f"fields_meta/{name[:WORD_CHARS_MAX]}"
            if not isinstance(about, dict) or not about.keys() <= set(META_MEMBERS):
                self.fault(place, f"Give an object of {', '.join(META_MEMBERS)}.")
                continue
            read[name] = {
                member: self._text(text, f"{place}/{member}", META_CHARS_MAX)
                for member, text in about.items()
                if text is not None
            }
        return read

    def _party(self, item: object, place: str) -> Party | None:
        """One party."""
        if not isinstance(item, dict) or item.keys() - {"fields"} != PARTY_MEMBERS:
            self.fault(place, 'Give {"ref", "role"}, and "fields" if some are about this party.')
            return None
        fields = self._party_fields(item.get("fields"), f"{place}/fields")
        ref = self._text(item["ref"], f"{place}/ref", REF_CHARS_MAX)
        if item["role"] not in PARTY_ROLES:
            self.fault(f"{place}/role", f"Use one of: {', '.join(PARTY_ROLES)}.")
            return None
        if not ref:
            if f"{place}/ref" not in self.faulty:
                self.fault(f"{place}/ref", "Give your own reference of this party.")
            return None
        return Party(ref, item["role"], fields)

    def _party_fields(self, value: object, place: str) -> tuple[str, ...]:
        """Names of the fields that are about a party."""
        if value is None:
            return ()
        sent = self._body.get("fields")
        known = sent.keys() if isinstance(sent, dict) else frozenset()
        if not isinstance(value, list) or not all(
            isinstance(name, str) and name in known for name in value
        ):
            self.fault(place, "Name fields of this application.")
            return ()
        return tuple(dict.fromkeys(value))

    def _text(self, value: object, place: str, longest: int) -> str:
        """A short text that can be shown; empty when it is None or faulty."""
        if value is None:
            return ""
        if isinstance(value, str) and len(value) <= longest and value.isprintable():
            if value == value.strip():
                return value
            self.fault(place, "Leave out the blanks before and after it.")
            return ""
        self.fault(place, f"Give text of at most {longest} characters that can be shown.")
        return ""

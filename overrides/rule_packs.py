"""What the law of a place wants of a letter, as dated data: a pack for each place and each day.

A pack is never changed: when the law does, another one begins. So a letter can always be worked
out again from the pack that was in force on the day of the decision. Nothing here is legal advice.
The days of a pack without ``days_by_law`` are our proposal, because the source names none.

Sources: 12 CFR 1002.9 (Regulation B) with Supplement I, and 15 U.S.C. 1681m (FCRA 615); Directive
(EU) 2023/2225 Article 18, and before it Directive 2008/48/EC Article 9; UK GDPR Articles 22A to 22D
(Data (Use and Access) Act 2025, section 80), and before them Article 22; Reserve Bank of India,
circular on the Fair Practices Code of 6 March 2007.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class Block(StrEnum):
    """A passage that a letter about a refusal has beside its reasons."""

    AUTOMATED = "automated"  # whether a person took part in the decision
    REVIEW = "review"  # a person looks at it again; the applicant may object
    EXPLANATION = "explanation"  # how the decision came about is told on request
    DEBT_ADVICE = "debt_advice"  # where free advice on debts is to be had
    EQUAL_CREDIT = "equal_credit"  # the notice of ECOA 701(a), with the agency
    BUREAU = "bureau"  # a credit report was used: who gave it, and the rights to it
    COMPLAINT = "complaint"  # whom at the lender to turn to


class Clock(StrEnum):
    """What the days of a pack are counted from."""

    COMPLETED = "completed"  # the application was complete
    DECIDED = "decided"


class GreyBand(StrEnum):
    """Whose reasons a letter states when the model left the case to a person, who declined."""

    PERSON = "person"
    BOTH = "both"  # the person's first, then the scored factors, four together


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePack:
    """The rules of one place from one day on. ``days`` are calendar days.

    ``offer_days`` are those after an offer of other terms within which an applicant who did not
    accept it is told that, and why, what was applied for was refused; None: the days of any letter.
    ``notice_closes``: who was told in writing what is missing, until when, and what happens
    without it, and sent nothing, is owed no further letter.
    """

    name: str
    places: frozenset[str]  # countries, or countries with a region: US, US-CA
    valid_from: date
    days: int
    clock: Clock
    days_by_law: bool
    grey_band: GreyBand
    blocks: tuple[Block, ...]
    source: str
    offer_days: int | None = None
    notice_closes: bool = False

    def due_at(self, completed_at: datetime | None, acted_at: datetime) -> datetime:
        """By when the letter is to be sent.

        An application that is not complete has no clock yet: its days are counted from the act.
        """
        start = completed_at if self.clock is Clock.COMPLETED and completed_at else acted_at
        return start + timedelta(days=self.days)


_EU_WEST = ("AT", "BE", "DE", "DK", "ES", "FI", "FR", "GR", "IE", "IT", "LU", "NL", "PT", "SE")
_EU_EAST = ("BG", "CY", "CZ", "EE", "HR", "HU", "LT", "LV", "MT", "PL", "RO", "SI", "SK")
_EU = frozenset({*_EU_WEST, *_EU_EAST, "EU"})
_US, _UK, _IN = frozenset({"US"}), frozenset({"GB", "UK"}), frozenset({"IN"})
_US_BLOCKS = (Block.BUREAU, Block.EQUAL_CREDIT)
_CONTEST = (Block.AUTOMATED, Block.REVIEW, Block.EXPLANATION)

PACKS: tuple[RulePack, ...] = (
    RulePack(
        name="us-2011",
        places=_US,
        valid_from=date(2011, 12, 30),
        days=30,
        clock=Clock.COMPLETED,
        days_by_law=True,
        grey_band=GreyBand.BOTH,
        blocks=_US_BLOCKS,
        offer_days=90,
        notice_closes=True,
        source="12 CFR 1002.9(a)(1), (b) and (c), comment 9(b)(2)-5; 15 U.S.C. 1681m(a)",
    ),
    RulePack(
        name="us-2026-07",
        places=_US,
        valid_from=date(2026, 7, 21),
        days=30,
        clock=Clock.COMPLETED,
        days_by_law=True,
        grey_band=GreyBand.BOTH,
        blocks=_US_BLOCKS,
        offer_days=90,
        notice_closes=True,
        source="12 CFR 1002.9 as it stands since 21 July 2026; 15 U.S.C. 1681m(a)",
    ),
    RulePack(
        name="eu-2010",
        places=_EU,
        valid_from=date(2010, 6, 11),
        days=7,
        clock=Clock.DECIDED,
        days_by_law=False,
        grey_band=GreyBand.PERSON,
        blocks=(Block.AUTOMATED, Block.REVIEW, Block.BUREAU),
        source="Directive 2008/48/EC Article 9(2): at once; Regulation (EU) 2016/679 Article 22(3)",
    ),
    RulePack(
        name="eu-ccd2-2026",
        places=_EU,
        valid_from=date(2026, 11, 20),
        days=3,
        clock=Clock.DECIDED,
        days_by_law=False,
        grey_band=GreyBand.PERSON,
        blocks=(*_CONTEST, Block.DEBT_ADVICE, Block.BUREAU),
        source="Directive (EU) 2023/2225 Article 18(8) and (9): without delay",
    ),
    RulePack(
        name="uk-2018",
        places=_UK,
        valid_from=date(2018, 5, 25),
        days=7,
        clock=Clock.DECIDED,
        days_by_law=False,
        grey_band=GreyBand.PERSON,
        blocks=(Block.AUTOMATED, Block.REVIEW, Block.BUREAU, Block.COMPLAINT),
        source="Regulation (EU) 2016/679 Article 22(3), as it was kept in the law of the UK",
    ),
    RulePack(
        name="uk-duaa-2026",
        places=_UK,
        valid_from=date(2026, 2, 5),
        days=7,
        clock=Clock.DECIDED,
        days_by_law=False,
        grey_band=GreyBand.PERSON,
        blocks=(*_CONTEST, Block.BUREAU, Block.COMPLAINT),
        source="UK GDPR Articles 22A to 22D (Data (Use and Access) Act 2025, section 80)",
    ),
    RulePack(
        name="in-rbi-2007",
        places=_IN,
        valid_from=date(2007, 3, 6),
        days=7,
        clock=Clock.DECIDED,
        days_by_law=False,
        grey_band=GreyBand.PERSON,
        blocks=(Block.REVIEW, Block.BUREAU, Block.COMPLAINT),
        source="Reserve Bank of India, Fair Practices Code, 6 March 2007: reasons in writing",
    ),
)

ELSEWHERE = RulePack(
    name="elsewhere",
    places=frozenset(),
    valid_from=date.min,
    days=30,
    clock=Clock.DECIDED,
    days_by_law=False,
    grey_band=GreyBand.PERSON,
    blocks=(Block.REVIEW,),
    source="No rules of this place are known here; these are our own proposal.",
)
"""For a place or a day that no pack is for."""


def pack_for(jurisdiction: str, day: date) -> RulePack:
    """The pack in force: of the region where it has one, else of the country, the latest begun."""
    for place in (jurisdiction, jurisdiction.partition("-")[0]):
        begun = [pack for pack in PACKS if place in pack.places and pack.valid_from <= day]
        if begun:
            return max(begun, key=lambda pack: pack.valid_from)
    return ELSEWHERE


def pack_named(name: str) -> RulePack | None:
    """A pack by its name; None for one of another release."""
    return next((pack for pack in (*PACKS, ELSEWHERE) if pack.name == name), None)


def places_of(name: str) -> frozenset[str]:
    """The places a pack is for; raises ``KeyError`` for a name that no pack has."""
    pack = pack_named(name)
    if pack is None:
        raise KeyError(name)
    return pack.places

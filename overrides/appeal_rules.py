"""By when an appeal is to be answered, by place and day: dated data, as the rule packs are.

Sources: Regulation (EU) 2016/679 Article 12(3), one month for a request under Articles 15 to 22, of
which Article 22(3) is the one to contest; Directive (EU) 2023/2225 Article 18(8), which names no
time; UK GDPR Articles 12(3) and 22A to 22D (Data (Use and Access) Act 2025, section 80); Colorado
SB 26-189, which names no time for its review; Reserve Bank of India, Integrated Ombudsman Scheme
2021, clause 10: what a lender has not answered within 30 days may go to the ombudsman. None of them
says by when an applicant has to contest, so nothing here ends that right. Nothing here is legal
advice. The days of rules without ``by_law`` are our proposal.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from overrides.rule_packs import places_of

SHORTEST_MONTH = 28  # days: a month from any day is never shorter
PROPOSED = 30  # days, where no source names any


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealRules:
    """The rules of some places from one day on. ``days`` are calendar days from its receipt."""

    name: str
    places: frozenset[str]
    valid_from: date
    days: int
    by_law: bool
    source: str

    def answer_by(self, received_at: datetime) -> datetime:
        """By when the applicant is to have an answer."""
        return received_at + timedelta(days=self.days)


APPEAL_RULES: tuple[AppealRules, ...] = (
    AppealRules(
        name="eu-gdpr-2018",
        places=places_of("eu-2010"),
        valid_from=date(2018, 5, 25),
        days=SHORTEST_MONTH,
        by_law=True,
        source="Regulation (EU) 2016/679 Articles 22(3) and 12(3): one month",
    ),
    AppealRules(
        name="eu-ccd2-2026",
        places=places_of("eu-ccd2-2026"),
        valid_from=date(2026, 11, 20),
        days=SHORTEST_MONTH,
        by_law=True,
        source="Directive (EU) 2023/2225 Article 18(8)(c); Regulation (EU) 2016/679 Article 12(3)",
    ),
    AppealRules(
        name="uk-2018",
        places=places_of("uk-2018"),
        valid_from=date(2018, 5, 25),
        days=SHORTEST_MONTH,
        by_law=True,
        source="UK GDPR Articles 22(3) and 12(3): one month",
    ),
    AppealRules(
        name="uk-duaa-2026",
        places=places_of("uk-duaa-2026"),
        valid_from=date(2026, 2, 5),
        days=SHORTEST_MONTH,
        by_law=True,
        source="UK GDPR Articles 22A to 22D and 12(3): one month",
    ),
    AppealRules(
        name="us-co-2027",
        places=frozenset({"US-CO"}),
        valid_from=date(2027, 1, 1),
        days=PROPOSED,
        by_law=False,
        source="Colorado SB 26-189: review by a person; it names no time",
    ),
    AppealRules(
        name="in-rbi-2021",
        places=places_of("in-rbi-2007"),
        valid_from=date(2021, 11, 12),
        days=30,
        by_law=True,
        source="Reserve Bank of India, Integrated Ombudsman Scheme 2021, clause 10: 30 days",
    ),
)

PROPOSED_RULES = AppealRules(
    name="proposed",
    places=frozenset(),
    valid_from=date.min,
    days=PROPOSED,
    by_law=False,
    source="No time is known here for this place; this is our own proposal.",
)
"""For a place or a day that no rules are for."""


def appeal_rules_for(jurisdiction: str, day: date) -> AppealRules:
    """The rules in force: of the region where it has any, else of the country, the latest begun."""
    for place in (jurisdiction, jurisdiction.partition("-")[0]):
        begun = [
            rules for rules in APPEAL_RULES if place in rules.places and rules.valid_from <= day
        ]
        if begun:
            return max(begun, key=lambda rules: rules.valid_from)
    return PROPOSED_RULES

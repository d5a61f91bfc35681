"""The policy of a bundle as its file must say it: cut-offs, routing, knock-outs, limits."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)


class Strict(BaseModel):
    """A part of a bundle file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def faults(refused: ValidationError) -> list[str]:
    """Each fault pydantic found, as its place and what is wrong; never the value itself."""
    return [
        f"{'.'.join(map(str, error['loc'])) or 'file'}: {error['msg']}"
        for error in refused.errors(include_url=False, include_input=False)
    ]


def _decimal_text(value: str) -> str:
    """Accept plain decimals such as 0.20; no exponent, no sign of infinity."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not set(value) <= set("0123456789.-"):
        msg = "write a plain decimal such as 0.20"
        raise ValueError(msg)
    return value


def _rate_text(value: str) -> str:
    """Accept decimals from 0 to 1."""
    if not Decimal(0) <= Decimal(value) <= Decimal(1):
        msg = "a share lies between 0 and 1"
        raise ValueError(msg)
    return value


DecimalText = Annotated[str, AfterValidator(_decimal_text)]
"""A decimal number kept as the text it was written as."""

RateText = Annotated[DecimalText, AfterValidator(_rate_text)]
"""A decimal from 0 to 1, kept as text."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64)]
Place = Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
FileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64)]
ConceptId = Annotated[str, Field(pattern=r"^R\d{2}$")]
DateText = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Text = Annotated[str, Field(min_length=1, max_length=4000)]


class Knockout(Strict):
    """A hard rule: the application is a decline by policy when ``field op value`` holds.

    ``value`` is a number or a level as text; for ``in`` it is levels with commas between them.
    ``concept`` is the reason that the rule stands for.
    """

    id: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]*$", max_length=32)]
    concept: ConceptId
    field: FieldName
    op: Literal["<", "<=", ">", ">=", "in", "=="]
    value: Text
    text: Text


class Limits(Strict):
    """Who may override what: tiers in minor units, and distance from the cut-off."""

    tier1_minor: Annotated[int, Field(ge=0)]
    tier2_minor: Annotated[int, Field(ge=0)]
    near_relative: RateText
    far_multiple: DecimalText
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]

    @model_validator(mode="after")
    def _tiers_in_order(self) -> Self:
        """The second tier is not below the first."""
        if self.tier2_minor < self.tier1_minor:
            msg = "tier2_minor is below tier1_minor"
            raise ValueError(msg)
        return self


class Defaults(Strict):
    """What a decision is taken to be where the sender says nothing."""

    product: Text
    branch: Text
    channel: Text
    jurisdiction: Text
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    amount_field: FieldName


class ChangeSpec(Strict):
    """A scored field that may be asked to change: which way, in which steps, how far.

    Numbers change in multiples of ``step`` from ``minimum`` to ``maximum``, or as far as the
    contract goes. Categories and yes-or-no change ``to`` one of the levels named; ``direction`` is
    then along the contract's order.
    """

    field: FieldName
    direction: Literal["up", "down", "either"] = "either"
    step: DecimalText | None = None
    minimum: DecimalText | None = None
    maximum: DecimalText | None = None
    to: tuple[Text, ...] = ()


class Follows(Strict):
    """``field`` moves by ``times`` as much as the field ``of`` that changes."""

    kind: Literal["follows"]
    field: FieldName
    of: FieldName
    times: DecimalText = "1"


class Bounded(Strict):
    """``field`` is at most, or at least, ``plus`` and so many ``times`` each of other fields."""

    kind: Literal["at_most", "at_least"]
    field: FieldName
    times: dict[FieldName, DecimalText] = {}
    plus: DecimalText = "0"


class NoHeavier(Strict):
    """``field`` for each unit of the field ``over`` is no more than it was as stated.

    So an instalment that was stated, or a share of income that it takes, is not made untrue.
    """

    kind: Literal["no_heavier"]
    field: FieldName
    over: FieldName


Relation = Annotated[Follows | Bounded | NoHeavier, Field(discriminator="kind")]


class ChangesSpec(Strict):
    """What may be asked to change so that the recommendation would be another.

    At most ``fields_at_most`` fields change at once, and at most ``tries_max`` combinations are
    looked at. ``examples`` allows that single pinned applicants are shown.
    """

    fields_at_most: Annotated[int, Field(ge=1, le=3)] = 2
    tries_max: Annotated[int, Field(ge=1, le=2_000_000)] = 500_000
    fields: Annotated[tuple[ChangeSpec, ...], Field(min_length=1, max_length=12)]
    relations: Annotated[tuple[Relation, ...], Field(max_length=20)] = ()
    examples: bool = False


class NoveltySpec(Strict):
    """From where on an applicant is called unlike the pinned ones.

    ``rare`` is the share of pinned applicants below which a level is rare, ``far`` the share of
    them who stand as far apart from all others or farther.
    """

    rare: RateText = "0.01"
    far: RateText = "0.01"


class PolicySpec(Strict):
    """How a probability of bad becomes a recommendation, and who decides what.

    At most ``approve_up_to`` recommends approve, above ``decline_above`` recommends decline,
    between them refer. ``near_cutoff`` is a distance in probability. The law's limit is counted in
    calendar days from the completed application, ``service_hours`` in the branch's working time.
    A counter-offer stands for ``offer_days``, or as long as a jurisdiction has in
    ``offer_days_in`` (Regulation B, 12 CFR 1002.9(a)(1)(iv): 90 days).
    ``assigned_at_random`` of the cases for a person go to one drawn among those who may decide
    them, who then has ``assigned_hours`` of working time to begin. A proposed override that waits
    for a second person longer than ``approval_days`` is shown as late to whoever leads the team.
    Above 0, ``training_days`` has cases decided by people in the training register alone, where an
    entry is good for so many days at most.
    """

    format: Literal["1"]
    version: Text
    date: DateText
    approve_up_to: RateText
    decline_above: RateText
    near_cutoff: RateText
    audit_sample_rate: RateText
    automation: Literal["none", "approve", "both"]
    knockouts: tuple[Knockout, ...] = ()
    limits: Limits
    defaults: Defaults
    legal_clock_days: Annotated[int, Field(ge=1, le=365)]
    legal_clock_days_in: dict[Place, Annotated[int, Field(ge=1, le=365)]] = {}
    offer_days: Annotated[int, Field(ge=1, le=365)] = 90
    offer_days_in: dict[Place, Annotated[int, Field(ge=1, le=365)]] = {}
    service_hours: Annotated[int, Field(ge=1, le=2000)]
    approval_days: Annotated[int, Field(ge=1, le=60)] = 3
    assigned_at_random: RateText = "0"
    assigned_hours: Annotated[int, Field(ge=1, le=200)] = 8
    training_days: Annotated[int, Field(ge=0, le=1096)] = 0
    changes: ChangesSpec | None = None
    novelty: NoveltySpec = NoveltySpec()

    @model_validator(mode="after")
    def _cutoffs_in_order(self) -> Self:
        """There is no score that is both approve and decline."""
        if Decimal(self.approve_up_to) > Decimal(self.decline_above):
            msg = "approve_up_to is above decline_above"
            raise ValueError(msg)
        ids = [rule.id for rule in self.knockouts]
        if len(set(ids)) != len(ids):
            msg = "two knock-out rules have the same id"
            raise ValueError(msg)
        return self

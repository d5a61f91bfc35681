"""From a probability to a recommendation, and who decides: pure, and exact to the decimal.

A policy never looks at anything but the checked fields, the explanation and one drawn number.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from explain.declared.policy_schema import Knockout, PolicySpec
from explain.errors import FieldProblem
from explain.values import Explanation, Scalar
from overrides.values import Cutoffs, Decision, Recommendation

RESCORED = "rescored"

ROUTING_TEXTS: Mapping[str, str] = {
    "suspended": "The model was suspended, so people decide without a score.",
    "model_unavailable": "The model could not be used: its files are not the registered ones.",
    "model_failed": "The model gave no usable answer, so there is no score.",
    "not_reliably_explained": "The reasons do not add up to the score, so none are shown.",
    "knock_out": "A fixed rule of the policy applies.",
    "refer_band": "The score lies between the two cut-offs, where a person decides.",
    "near_cutoff": "The score lies close to a cut-off.",
    "counter_intuitive": "A reason runs against what its value would let one expect.",
    "data_quality": "Some values are missing, out of date or dated in the future.",
    "audit_sample": "Drawn by chance for the audit sample.",
    "automation_none": "By policy a person decides every application.",
    "declines_by_person": "By policy a person decides every decline.",
    RESCORED: "A person had the case re-scored, so a person decides it.",
}
"""Why a case came to a person, by code, in the order in which the reasons are given."""

_PLACES = {code: place for place, code in enumerate(ROUTING_TEXTS)}

UNSCORED = frozenset({"suspended", "model_unavailable", "model_failed"})
"""Codes that say why there is no score."""

QUEUE_STANDARD = "standard"
QUEUE_REFERRED = "referred"
QUEUE_UNSCORED = "unscored"

IN_REVIEW = "in_review"
DECIDED = "decided"

Holds = Callable[[Scalar], bool]


@dataclass(frozen=True, slots=True)
class Draw:
    """One number drawn for the audit sample: from 0 to below 1."""

    number: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What model and policy make of one application. ``final`` is set when policy decides."""

    recommendation: Recommendation
    final: Decision | None
    queue: str
    routing: tuple[str, ...]
    knockouts: tuple[str, ...]
    distance: str | None  # signed, to the nearest cut-off: above zero is worse than it
    audit: bool
    p_routed: str  # how likely a case like this was to come to a person

    @property
    def status(self) -> str:
        """Where the case stands."""
        return DECIDED if self.final else IN_REVIEW

    def by_person(self, code: str) -> "Assessment":
        """The same left to a person; ``code`` says why, where policy would have decided it."""
        if self.final is None:
            return self
        routing = in_order({*self.routing, code})
        return replace(self, final=None, routing=routing, p_routed="1")


@dataclass(frozen=True, slots=True)
class Rule:
    """A knock-out rule, ready to be asked."""

    id: str
    field: str
    text: str
    holds: Holds


class Policy:
    """The policy of one bundle version."""

    def __init__(self, spec: PolicySpec) -> None:
        self.cutoffs = Cutoffs(Decimal(spec.approve_up_to), Decimal(spec.decline_above))
        self.spec = spec
        self._near = Decimal(spec.near_cutoff)
        self._audit_rate = Decimal(spec.audit_sample_rate)
        self._rules = tuple(compile_rule(rule) for rule in spec.knockouts)

    def assess(
        self,
        fields: Mapping[str, Scalar],
        explanation: Explanation,
        probability: str,
        warnings: Sequence[FieldProblem],
        draw: Draw,
    ) -> Assessment:
        """Recommendation and routing of a scored application.

        ``fields`` holds every field a rule may name; ``probability`` is the recorded decimal.
        """
        chance_of_bad = Decimal(probability)
        advice, knocked = self.advice(fields, probability)
        distance = self._distance(chance_of_bad)
        codes = set(_doubts(explanation, warnings))
        if knocked:
            codes.add("knock_out")
        elif advice is Recommendation.REFER:
            codes.add("refer_band")
        elif abs(distance) <= self._near:
            codes.add("near_cutoff")
        codes |= self._by_hand(advice)
        certain = bool(codes - {"knock_out"})
        audit = draw.number < self._audit_rate
        if audit:
            codes.add("audit_sample")
        by_person = certain or audit
        return Assessment(
            recommendation=advice,
            final=None if by_person else Decision(advice.value),
            queue=QUEUE_REFERRED if advice is Recommendation.REFER else QUEUE_STANDARD,
            routing=in_order(codes),
            knockouts=knocked,
            distance=format(distance, "f"),
            audit=audit,
            p_routed="1" if certain else format(self._audit_rate, "f"),
        )

    def advice(
        self, fields: Mapping[str, Scalar], probability: str
    ) -> tuple[Recommendation, tuple[str, ...]]:
        """The recommendation, and the knock-out rules that made it one to decline."""
        knocked = tuple(rule.id for rule in self._rules if rule.holds(fields.get(rule.field)))
        if knocked:
            return Recommendation.DECLINE, knocked
        return self.cutoffs.recommend(Decimal(probability)), ()

    def allows(self, name: str, value: Scalar) -> bool:
        """Whether no knock-out rule holds for this value of a field."""
        return not any(rule.field == name and rule.holds(value) for rule in self._rules)

    def rule_text(self, rule_id: str) -> str:
        """The words of a knock-out rule, or an empty text when this policy has no such rule."""
        return next((rule.text for rule in self._rules if rule.id == rule_id), "")

    def _distance(self, probability: Decimal) -> Decimal:
        """Signed distance to the nearest cut-off; of two as near, to the stricter one."""
        to_approve = probability - self.cutoffs.approve_up_to
        to_decline = probability - self.cutoffs.decline_above
        return to_approve if abs(to_approve) <= abs(to_decline) else to_decline

    def _by_hand(self, advice: Recommendation) -> set[str]:
        """Why policy alone leaves this recommendation to a person."""
        if self.spec.automation == "none":
            return {"automation_none"}
        if self.spec.automation == "approve" and advice is Recommendation.DECLINE:
            return {"declines_by_person"}
        return set()


def unscored(code: str) -> Assessment:
    """What becomes of an application without a score: a person decides, whatever the policy."""
    return Assessment(
        recommendation=Recommendation.REFER,
        final=None,
        queue=QUEUE_UNSCORED,
        routing=(code,),
        knockouts=(),
        distance=None,
        audit=False,
        p_routed="1",
    )


def routing_texts(
    codes: Sequence[str], rule_texts: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Each code with its sentence; a knock-out says the rules that applied."""
    rules = " ".join(text for text in rule_texts if text)
    return tuple(
        (code, rules if code == "knock_out" and rules else ROUTING_TEXTS.get(code, code))
        for code in codes
    )


def in_order(codes: set[str]) -> tuple[str, ...]:
    """Routing codes in the one order in which they are recorded and read."""
    return tuple(sorted(codes, key=_PLACES.__getitem__))


def compile_rule(rule: Knockout) -> Rule:
    """A rule that can be asked; a missing value never knocks anybody out."""
    return Rule(rule.id, rule.field, rule.text, _condition(rule))


def _condition(rule: Knockout) -> Holds:
    """Whether a field's value meets the rule's condition."""
    if rule.op == "in":
        levels = frozenset(level.strip() for level in rule.value.split(","))
        return lambda value: value in levels
    if rule.op == "==":
        return lambda value: value is not None and _same(value, rule.value)
    bound = Decimal(rule.value)
    compare: Mapping[str, Callable[[Decimal], bool]] = {
        "<": lambda number: number < bound,
        "<=": lambda number: number <= bound,
        ">": lambda number: number > bound,
        ">=": lambda number: number >= bound,
    }
    holds = compare[rule.op]
    return lambda value: isinstance(value, float) and holds(Decimal(repr(value)))


def _same(value: Scalar, wanted: str) -> bool:
    """Whether a value is the wanted level or number."""
    return value == wanted if isinstance(value, str) else value == float(wanted)


def _doubts(explanation: Explanation, warnings: Sequence[FieldProblem]) -> list[str]:
    """Codes for what a person should look at in data and reasons."""
    doubts = []
    if not explanation.reliable:
        doubts.append("not_reliably_explained")
    if explanation.surprises:
        doubts.append("counter_intuitive")
    if warnings:
        doubts.append("data_quality")
    return doubts

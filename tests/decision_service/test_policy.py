"""A recommendation follows from the recorded decimal alone; a doubt always brings a person."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision_service.decimals import decimal_text
from decision_service.policy import (
    ROUTING_TEXTS,
    Draw,
    Policy,
    compile_rule,
    routing_texts,
    unscored,
)
from explain.declared.policy_schema import Knockout, PolicySpec
from explain.errors import FieldProblem
from explain.values import Attribution, Explanation, Reason, Scalar
from overrides.values import Decision, Recommendation

NOBODY = Draw(1.0)
SPEC = {
    "format": "1",
    "version": "1",
    "date": "2026-01-01",
    "approve_up_to": "0.20",
    "decline_above": "0.35",
    "near_cutoff": "0.02",
    "audit_sample_rate": "0.05",
    "automation": "both",
    "knockouts": [
        {
            "id": "K1",
            "concept": "R01",
            "field": "amount",
            "op": ">",
            "value": "0.1",
            "text": "Too much.",
        }
    ],
    "limits": {
        "tier1_minor": 1,
        "tier2_minor": 2,
        "near_relative": "0.1",
        "far_multiple": "2",
        "currency": "EUR",
    },
    "defaults": {
        "product": "p",
        "branch": "b",
        "channel": "c",
        "jurisdiction": "DE",
        "currency": "EUR",
        "amount_field": "amount",
    },
    "legal_clock_days": "30",
    "service_hours": "48",
}


def policy(**changes: object) -> Policy:
    return Policy(PolicySpec.model_validate(SPEC | changes))


def explained(*, reliable: bool = True, surprising: bool = False) -> Explanation:
    reason = Reason("R01", "Amount", "So much.", 0.1, "7", "strong", ("amount",))
    return Explanation(
        probability=0.5,
        attribution=Attribution(0.0, 0.0, ()),
        adverse=(reason,) if reliable else (),
        favourable=(),
        method="m",
        background_sha256=None,
        reliable=reliable,
        problem="" if reliable else "off",
        surprises=("R17",) if surprising else (),
    )


def assess(
    rules: Policy,
    probability: str,
    *,
    explanation: Explanation | None = None,
    warnings: Sequence[FieldProblem] = (),
    draw: Draw = NOBODY,
    fields: dict[str, Scalar] | None = None,
) -> tuple[Recommendation, Decision | None, set[str]]:
    found = rules.assess(fields or {}, explanation or explained(), probability, warnings, draw)
    return found.recommendation, found.final, set(found.routing)


@pytest.mark.parametrize(
    ("probability", "advice"),
    [
        ("0.2", Recommendation.APPROVE),
        ("0.20000000000000001", Recommendation.REFER),
        ("0.35", Recommendation.REFER),
        ("0.35000000000000003", Recommendation.DECLINE),
        ("0.0", Recommendation.APPROVE),
        ("1.0", Recommendation.DECLINE),
    ],
)
def test_exactly_at_a_cut_off_passes(probability: str, advice: Recommendation) -> None:
    assert assess(policy(), probability)[0] is advice


def test_one_cut_off_refers_nobody() -> None:
    single = policy(approve_up_to="0.3", decline_above="0.3")
    assert assess(single, "0.3")[0] is Recommendation.APPROVE
    assert assess(single, "0.30000000000000004")[0] is Recommendation.DECLINE


@given(st.floats(0, 1), st.sampled_from(["none", "approve", "both"]))
def test_policy_decides_alone_only_what_is_clear_and_allowed(chance: float, mode: str) -> None:
    advice, final, codes = assess(policy(automation=mode), decimal_text(chance))
    exact = Decimal(decimal_text(chance))
    near = min(abs(exact - Decimal("0.20")), abs(exact - Decimal("0.35"))) <= Decimal("0.02")
    allowed = {
        "none": set(),
        "approve": {Recommendation.APPROVE},
        "both": {Recommendation.APPROVE, Recommendation.DECLINE},
    }[mode]
    assert (final is not None) == (advice in allowed and not near)
    assert (final is None) == bool(codes)
    if final is not None:
        assert final.value == advice.value


@pytest.mark.parametrize(
    ("doubt", "code"),
    [
        ({"explanation": explained(reliable=False)}, "not_reliably_explained"),
        ({"explanation": explained(surprising=True)}, "counter_intuitive"),
        ({"warnings": [FieldProblem("x", "stale", "Old.")]}, "data_quality"),
        ({"draw": Draw(0.0499)}, "audit_sample"),
    ],
)
def test_every_doubt_brings_a_person_whatever_the_automation(
    doubt: dict[str, object], code: str
) -> None:
    _, final, codes = assess(policy(), "0.05", **doubt)  # type: ignore[arg-type]
    assert final is None
    assert codes == {code}


@pytest.mark.parametrize("probability", ["0.18", "0.22", "0.33", "0.37"])
def test_exactly_as_far_from_a_cut_off_as_near_says_is_still_near(probability: str) -> None:
    _, final, codes = assess(policy(), probability)
    assert final is None
    assert codes & {"near_cutoff", "refer_band"}


def test_the_audit_sample_takes_its_share_and_no_more() -> None:
    half = policy(audit_sample_rate="0.5")
    assert assess(half, "0.05", draw=Draw(0.5))[1] is Decision.APPROVE
    assert assess(policy(), "0.05", draw=Draw(0.05))[1] is Decision.APPROVE
    assert assess(policy(), "0.05", draw=Draw(0.04999))[1] is None


def test_how_likely_a_case_came_to_a_person_is_recorded() -> None:
    clear = policy().assess({}, explained(), "0.05", (), NOBODY)
    assert clear.p_routed == "0.05"
    referred = policy().assess({}, explained(), "0.25", (), NOBODY)
    assert referred.p_routed == "1"
    drawn = policy().assess({}, explained(), "0.05", (), Draw(0.0))
    assert (drawn.p_routed, drawn.audit) == ("0.05", True)


def test_a_knock_out_declines_whatever_the_score_and_is_policys_own_act() -> None:
    found = policy().assess({"amount": 0.2}, explained(), "0.01", (), NOBODY)
    assert found.recommendation is Recommendation.DECLINE
    assert found.final is Decision.DECLINE
    assert found.knockouts == ("K1",)
    assert found.routing == ("knock_out",)


@pytest.mark.parametrize(
    ("op", "value", "given_value", "holds"),
    [
        (">", "0.1", 0.1, False),
        (">=", "0.1", 0.1, True),
        ("<", "0.3", 0.1 + 0.2, False),
        ("<=", "18000", 18000.0, True),
        ("==", "owner", "owner", True),
        ("==", "5", 5.0, True),
        ("in", "renter, owner", "owner", True),
        ("in", "renter, owner", "guest", False),
        ("<", "5", None, False),
        ("==", "5", None, False),
        ("in", "a", None, False),
        (">", "5", "9", False),
    ],
)
def test_rules_compare_exactly_and_never_hold_for_what_is_missing(
    op: str, value: str, given_value: Scalar, *, holds: bool
) -> None:
    spec = Knockout.model_validate(
        {"id": "K", "concept": "R01", "field": "x", "op": op, "value": value, "text": "t"}
    )
    assert compile_rule(spec).holds(given_value) is holds


def test_the_distance_is_signed_and_to_the_nearest_cut_off() -> None:
    distances = {
        p: policy().assess({}, explained(), p, (), NOBODY).distance
        for p in ("0.15", "0.21", "0.34", "0.5")
    }
    assert distances == {"0.15": "-0.05", "0.21": "0.01", "0.34": "-0.01", "0.5": "0.15"}


def test_an_application_without_a_score_is_referred_to_a_person() -> None:
    found = unscored("model_failed")
    assert (found.recommendation, found.final) == (Recommendation.REFER, None)
    assert found.status == "in_review"


def test_every_code_has_a_sentence_and_a_knock_out_says_its_rule() -> None:
    assert all(text.endswith(".") for text in ROUTING_TEXTS.values())
    told = dict(routing_texts(["knock_out", "audit_sample"], ["At most DM 5."]))
    assert told["knock_out"] == "At most DM 5."
    assert dict(routing_texts(["knock_out"]))["knock_out"] == ROUTING_TEXTS["knock_out"]

"""The smallest changes that turn a recommendation, held against trying everything."""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.adapters import Encoder
from explain.bundle import Bundle
from explain.changes.answers import Answer
from explain.changes.asking import search_by_asking
from explain.changes.axes import Allowed, Room, room_of
from explain.changes.finding import smallest_changes
from explain.changes.search import Limits
from explain.changes.surfaces import LinearSurface, Surface, TreeSurface
from explain.checks import _check_changes
from explain.declared.change_rules import change_problems
from explain.declared.codebook import Concept
from explain.declared.contract import Contract, Field
from explain.declared.policy_schema import ChangesSpec
from explain.scorecard import LinearCard
from explain.tree import Reading, Tree
from explain.values import Row, Scalar

FIELDS = (
    Field(name="months", label="Months", type="integer", minimum=1, maximum=60),
    Field(name="amount", label="Amount", type="money", minimum=0, maximum=1000),
    Field(
        name="backer",
        label="Backer",
        type="category",
        levels={"none": "none", "friend": "a friend", "firm": "a firm"},
    ),
    Field(name="end", label="Last month", type="integer", minimum=0, maximum=120),
    Field(name="income", label="Income", type="money", missing="allow"),
)
CONTRACT = Contract(FIELDS)
SPEC = ChangesSpec.model_validate(
    {
        "fields_at_most": 3,
        "fields": [
            {"field": "months", "step": "6", "minimum": "6", "maximum": "48"},
            {"field": "amount", "direction": "down", "step": "50", "minimum": "100"},
            {"field": "backer", "direction": "up", "to": ["friend", "firm"]},
        ],
        "relations": [
            {"kind": "follows", "field": "end", "of": "months", "times": "1"},
            {"kind": "at_most", "field": "amount", "times": {"income": "2"}, "plus": "100"},
            {"kind": "no_heavier", "field": "amount", "over": "months"},
        ],
    }
)
NEVER = Limits(fields=3, tries=10**6, expired=lambda: False)


def everything_allowed(name: str, value: Scalar) -> bool:
    """No fixed rule speaks against anything."""
    return bool(name) or value is None


def may(row: Row, stated: Row) -> bool:
    """The three relations, said again in other words."""
    touched = row["amount"] != stated["amount"], row["months"] != stated["months"]
    amount, months = row["amount"], row["months"]
    income, before, over = stated["income"], stated["amount"], stated["months"]
    assert isinstance(amount, float)
    assert isinstance(months, float)
    assert isinstance(before, float)
    assert isinstance(over, float)
    if touched[0] and (income is None or amount > 2 * Fraction(str(income)) + 100):
        return False
    return not any(touched) or Fraction(amount) * Fraction(over) <= Fraction(before) * Fraction(
        months
    )


def everywhere(stated: Row) -> Iterable[tuple[tuple[int, float], Row]]:
    """Every application that this one may become, with what the change costs."""
    now, asks = stated["months"], stated["amount"]
    end, order = stated["end"], ("none", "friend", "firm")
    assert isinstance(now, float)
    assert isinstance(asks, float)
    assert isinstance(end, float)
    terms = {float(m) for m in range(6, 49, 6)} | {now}
    amounts = {float(a) for a in range(100, 1001, 50) if a < asks} | {asks}
    backers = [b for b in order if order.index(b) >= order.index(str(stated["backer"]))]
    for months, amount, backer in itertools.product(terms, amounts, backers):
        changed = [months != now, amount != asks, backer != stated["backer"]]
        size = abs(months - now) / 42 + abs(amount - asks) / 900 + changed[2]
        row = {**stated, "months": months, "amount": amount, "backer": backer}
        if any(changed):
            row["end"] = end + months - now
            if 0 <= end + months - now <= 120:
                yield (sum(changed), size), row


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A small tree on the contract's fields, gaps and categories included."""
    splits = draw(st.integers(0, 6))
    features, readings, thresholds, members, left, right = [], [], [], [], [], []
    open_ends: list[tuple[list[int], int]] = []
    for split in range(splits):
        feature = draw(st.integers(0, 4))
        code = feature == 2
        features.append(feature)
        gap = draw(st.sampled_from([-math.inf, math.inf, 0.0]))
        readings.append(Reading(3.0 if code else gap, is_code=code))
        thresholds.append(float(draw(st.integers(0, 100)) * (10 if feature in (1, 4) else 1)))
        members.append(draw(st.integers(0, 15)) if code else 0)
        left.append(0)
        right.append(0)
        if split:
            side, place = open_ends.pop(draw(st.integers(0, len(open_ends) - 1)))
            side[place] = split
        open_ends += [(left, split), (right, split)]
    for leaf, (side, place) in enumerate(open_ends):
        side[place] = ~leaf
    values = [draw(st.integers(-20, 20)) / 8 for _ in range(splits + 1)]
    ones = [1.0] * splits
    return Tree(
        features, readings, thresholds, members, left, right, ones, [1.0] * (splits + 1), values
    )


APPLICANTS = st.fixed_dictionaries(
    {
        "months": st.integers(1, 60).map(float),
        "amount": st.integers(0, 100).map(lambda n: n * 10.0),
        "backer": st.sampled_from(["none", "friend", "firm"]),
        "end": st.integers(0, 120).map(float),
        "income": st.one_of(st.none(), st.integers(0, 50).map(lambda n: n * 10.0)),
    }
)


def walked(tree: Tree, row: Row) -> float:
    """What a tree says, step by step."""
    if not tree.features:
        return tree.values[0]
    node = 0
    while node >= 0:
        value = row[FIELDS[tree.features[node]].name]
        reading = tree.readings[node]
        if reading.is_code:
            code = 3 if value is None else ["none", "friend", "firm"].index(str(value))
            left = bool(tree.members[node] >> code & 1)
        else:
            left = (reading.gap if value is None else float(value)) <= tree.thresholds[node]
        node = tree.left[node] if left else tree.right[node]
    return tree.values[~node]


Score = Callable[[Sequence[Row]], list[float]]


def found(
    row: Row,
    surface: Surface | None,
    score: Score,
    at_most: float,
    limits: Limits = NEVER,
    allowed: Allowed = everything_allowed,
) -> Answer:
    """The search as a service has it: every proposal is scored anew."""
    room = room_of(row, SPEC, CONTRACT, allowed)
    verify = lambda told: score([told])[0] <= at_most  # noqa: E731
    return smallest_changes(room, surface, score, at_most, limits, verify)


def cheapest(row: Row, score: Score, at_most: float) -> tuple[int, float] | None:
    """The least cost of all applications that pass, by trying each."""
    told = [(cost, other) for cost, other in everywhere(row) if may(other, row)]
    passing = [
        cost
        for (cost, _), raw in zip(told, score([other for _, other in told]), strict=True)
        if raw <= at_most
    ]
    return min(passing, default=None)


def agrees(answer: Answer, expected: tuple[int, float] | None, row: Row) -> None:
    """The same cost as the oracle's, and nothing changed that may not be."""
    if expected is None:
        assert answer.kind == "none"
        return
    assert answer.kind == "found"
    assert answer.smallest
    first = answer.options[0]
    assert first.fields == expected[0]
    assert first.size == pytest.approx(expected[1], abs=1e-12)
    for option in answer.options:
        changed = {name for name in row if option.row[name] != row[name]}
        assert changed <= {"months", "amount", "backer", "end"}
        assert changed == {change.field for change in option.changes}
        assert may(option.row, row)
        CONTRACT.check(
            {name: int(v) if name in ("months", "end") else v for name, v in option.row.items()}  # type: ignore[arg-type]
        )


@given(st.lists(trees(), min_size=1, max_size=5), APPLICANTS, st.integers(-24, 24))
@settings(max_examples=60)
def test_of_trees_the_smallest_change_is_what_trying_everything_finds(
    forest: list[Tree], row: Row, eighths: int
) -> None:
    def score(rows: Sequence[Row]) -> list[float]:
        return [math.fsum(walked(tree, one) for tree in forest) for one in rows]

    at_most = eighths / 8
    answer = found(row, TreeSurface(forest, Encoder(CONTRACT)), score, at_most)
    agrees(answer, cheapest(row, score, at_most), row)


@given(st.lists(trees(), min_size=1, max_size=5), APPLICANTS)
@settings(max_examples=60)
def test_a_surface_of_trees_tells_every_score_around_an_application(
    forest: list[Tree], row: Row
) -> None:
    room = room_of(row, SPEC, CONTRACT, everything_allowed)
    scores = TreeSurface(forest, Encoder(CONTRACT)).around(room, lambda: False)
    assert scores is not None
    for count in range(1, len(room.axes) + 1):
        for numbers in itertools.combinations(range(len(room.axes)), count):
            axes = [room.axes[number] for number in numbers]
            grid = scores.grid(numbers)
            for places in itertools.product(*(range(len(axis.settings)) for axis in axes)):
                changed = room.changed(axes, places)
                expected = math.fsum(walked(tree, changed) for tree in forest)
                assert grid[places] == pytest.approx(expected, abs=1e-9)


class PerUnit:
    """A rule of a number: so much for each; gaps count nothing."""

    def __init__(self, each: float) -> None:
        self._each = each

    def amount(self, value: Scalar) -> float:
        """What it adds."""
        return self._each * value if isinstance(value, float) else 0.0


class PerLevel:
    """A rule of a category."""

    def __init__(self, *amounts: float) -> None:
        self._amounts = dict(zip(("none", "friend", "firm"), amounts, strict=True))

    def amount(self, value: Scalar) -> float:
        """What it adds."""
        return self._amounts[str(value)]


EIGHTHS = st.integers(-16, 16).map(lambda n: n / 8)


@given(st.tuples(*[EIGHTHS] * 5), APPLICANTS, st.integers(-400, 400).map(float))
@settings(max_examples=60)
def test_of_a_sum_over_fields_it_is_so_too(
    each: tuple[float, ...], row: Row, at_most: float
) -> None:
    card = LinearCard(
        each[0],
        {
            "months": PerUnit(each[1]),
            "amount": PerUnit(each[2]),
            "backer": PerLevel(0.0, each[3], each[4]),
            "end": PerUnit(each[4]),
            "income": PerUnit(0.125),
        },
    )

    def score(rows: Sequence[Row]) -> list[float]:
        return [card.score(one) for one in rows]

    answer = found(row, LinearSurface(card), score, at_most)
    agrees(answer, cheapest(row, score, at_most), row)


@given(st.lists(trees(), min_size=1, max_size=3), APPLICANTS, st.integers(-16, 16))
@settings(max_examples=25)
def test_a_black_box_asked_in_the_order_of_size_gives_the_smallest_while_tries_last(
    forest: list[Tree], row: Row, eighths: int
) -> None:
    def score(rows: Sequence[Row]) -> list[float]:
        return [math.fsum(walked(tree, one) for tree in forest) for one in rows]

    answer = found(row, None, score, eighths / 8)
    agrees(answer, cheapest(row, score, eighths / 8), row)
    assert len(answer.options) <= 1


STATED: Row = {"months": 36.0, "amount": 800.0, "backer": "none", "end": 40.0, "income": 900.0}


def by_both(rows: Sequence[Row]) -> list[float]:
    """Low only where the term and the amount are both low."""
    return [max(float(r["months"] or 0) / 12, float(r["amount"] or 0) / 100) for r in rows]


def test_a_black_box_with_too_many_combinations_says_the_best_that_was_found() -> None:
    limits = Limits(fields=2, tries=60, expired=lambda: False)
    answer = found(STATED, None, by_both, 2.5, limits)
    assert answer.kind == "found"
    assert not answer.smallest
    assert answer.tried <= 60
    assert answer == found(STATED, None, by_both, 2.5, limits), "the lot is the same each time"


def test_a_limit_is_said_and_not_taken_for_there_being_nothing() -> None:
    few = Limits(fields=2, tries=20, expired=lambda: False)
    assert found(STATED, None, by_both, 2.5, few).kind == "stopped"
    late = Limits(fields=2, tries=10**6, expired=lambda: True)
    assert found(STATED, None, by_both, 2.5, late).kind == "stopped"
    card = LinearCard(0.0, {name: PerUnit(1.0) for name in ("months", "amount", "end", "income")})
    surface = LinearSurface(LinearCard(0.0, {**card.rules, "backer": PerLevel(0.0, 0.0, 0.0)}))

    def score(rows: Sequence[Row]) -> list[float]:
        return [math.fsum(float(v) for v in row.values() if isinstance(v, float)) for row in rows]

    assert found(STATED, surface, score, 100.0, late).kind == "stopped"
    assert found(STATED, surface, score, 100.0, few).kind == "stopped"
    assert found(STATED, surface, score, -1e9).kind == "none"


def test_a_structure_that_is_not_what_the_model_answers_is_not_believed() -> None:
    flat = [Tree([], [], [], [], [], [], [], [1.0], [-5.0])]
    answer = found(STATED, TreeSurface(flat, Encoder(CONTRACT)), by_both, 1.5)
    agrees(answer, cheapest(STATED, by_both, 1.5), STATED)
    assert len(answer.options) == 1, "the model was asked instead"


def test_what_scoring_anew_does_not_confirm_is_not_proposed() -> None:
    room = room_of(STATED, SPEC, CONTRACT, everything_allowed)
    trees = [Tree([0], [Reading()], [30.0], [0], [~0], [~1], [1.0], [1.0, 1.0], [0.0, 5.0])]
    surface = TreeSurface(trees, Encoder(CONTRACT))

    def score(rows: Sequence[Row]) -> list[float]:
        return [0.0 if float(row["months"] or 0) <= 30 else 5.0 for row in rows]

    answer = smallest_changes(room, surface, score, 1.0, NEVER, lambda row: row["months"] == 18.0)
    # The amount must come down with the term, or each instalment would be heavier than stated.
    assert answer.options[0].row == {
        **STATED,
        "months": 18.0,
        "end": 22.0,
        "amount": 400.0,
    }


def test_a_time_that_is_over_ends_the_search_while_leaves_are_gathered() -> None:
    room = room_of(STATED, SPEC, CONTRACT, everything_allowed)
    tree = Tree([0], [Reading()], [30.0], [0], [~0], [~1], [1.0], [1.0, 1.0], [0.0, 5.0])
    looks = iter(range(10_000))
    limits = Limits(NEVER.fields, NEVER.tries, lambda: next(looks) > 50)

    def score(rows: Sequence[Row]) -> list[float]:
        raise AssertionError(rows)

    surface = TreeSurface([tree] * 5_000, Encoder(CONTRACT))
    answer = smallest_changes(room, surface, score, 1.0, limits, lambda _: True)
    assert (answer.kind, answer.options) == ("stopped", ())
    assert next(looks) < 60, "it was looked at once more than needed"


def test_a_fixed_rule_bounds_what_is_proposed_and_what_may_stay() -> None:
    def allowed(name: str, value: Scalar) -> bool:
        return name != "amount" or (isinstance(value, float) and value <= 500)

    room = room_of(STATED, SPEC, CONTRACT, allowed)
    surface = LinearSurface(
        LinearCard(
            0.0,
            {name: PerUnit(0.0) for name in ("months", "amount", "end", "income")}
            | {"backer": PerLevel(0.0, 0.0, 0.0)},
        )
    )
    nothing = lambda rows: [0.0] * len(rows)  # noqa: E731
    answer = smallest_changes(room, surface, nothing, 1.0, NEVER, lambda _: True)
    assert [c.field for c in answer.options[0].changes] == ["amount"]
    assert answer.options[0].row["amount"] == 500.0
    assert all(o.row["amount"] <= 500.0 for o in answer.options)  # type: ignore[operator]
    asked = search_by_asking(room, nothing, 1.0, NEVER, lambda _: True)
    assert asked.options[0].row == answer.options[0].row


def test_a_relation_is_held_to_the_last_digit_and_only_where_a_field_of_it_changes() -> None:
    plus = {"kind": "at_most", "field": "amount", "plus": "499.99999999999"}
    fields = [{"field": "amount", "step": "100"}, {"field": "backer", "to": ["firm"]}]
    spec = ChangesSpec.model_validate({"fields": fields, "relations": [plus]})
    room = room_of(STATED, spec, CONTRACT, everything_allowed)
    nothing = lambda rows: [0.0] * len(rows)  # noqa: E731
    answer = smallest_changes(room, None, nothing, 1.0, NEVER, lambda row: row["amount"] != 800.0)
    assert answer.options[0].row["amount"] == 400.0, "500 is more, if by little"
    surface = LinearSurface(
        LinearCard(
            0.0,
            {name: PerUnit(0.0) for name in ("months", "amount", "end", "income")}
            | {"backer": PerLevel(0.0, 0.0, 0.0)},
        )
    )
    other = smallest_changes(room, surface, nothing, 1.0, NEVER, lambda _: True)
    assert [option.row["amount"] for option in other.options] == [400.0, 800.0]


@pytest.mark.parametrize(
    ("direction", "months"),
    [("up", {42.0, 48.0}), ("down", {6.0, 12.0, 18.0, 24.0, 30.0}), ("either", set())],
)
def test_a_field_changes_only_in_its_direction_and_by_its_steps(
    direction: str, months: set[float]
) -> None:
    one = {"field": "months", "direction": direction, "step": "6", "minimum": "6", "maximum": "48"}
    spec = ChangesSpec.model_validate({"fields": [one]})
    (axis,) = room_of(STATED, spec, CONTRACT, everything_allowed).axes
    found = {axis.settings[place][0] for place in axis.others}
    assert found == (months or {6.0, 12.0, 18.0, 24.0, 30.0, 42.0, 48.0})
    level = {"field": "backer", "direction": direction, "to": ["none", "firm"]}
    spec = ChangesSpec.model_validate({"fields": [level]})
    friend = {**STATED, "backer": "friend"}
    (axis,) = room_of(friend, spec, CONTRACT, everything_allowed).axes
    wanted = {"up": {"firm"}, "down": {"none"}, "either": {"firm", "none"}}
    assert {axis.settings[place][0] for place in axis.others} == wanted[direction]


def test_a_field_that_was_not_given_stays_so() -> None:
    row: Row = {**STATED, "amount": None}
    room: Room = room_of(row, SPEC, CONTRACT, everything_allowed)
    assert [axis.field for axis in room.axes] == ["months", "backer"]


CONCEPT = {
    "title": "t",
    "sign": "±",
    "adverse": {"en": "a"},
    "favourable": {"en": "f"},
    "why": "w",
}
CONCEPTS = [
    Concept.model_validate({**CONCEPT, "id": f"R1{n}", "features": [f.name], "actionable": told})
    for n, (f, told) in enumerate(zip(FIELDS, ("yes", "part", "yes", "time", "no"), strict=True))
]


@pytest.mark.parametrize(
    ("fields", "relations", "why"),
    [
        ([{"field": "height", "step": "1"}], [], "no such field"),
        ([{"field": "months"}], [], "give a step above 0"),
        ([{"field": "months", "step": "0.5"}], [], "whole step"),
        (
            [{"field": "months", "step": "1", "maximum": "90"}],
            [],
            "nothing that the",
        ),
        ([{"field": "amount", "step": "0.01"}], [], "more than 2000 values"),
        ([{"field": "amount", "step": "10", "minimum": "900", "maximum": "1"}], [], "below"),
        ([{"field": "months", "step": "1", "to": ["none"]}], [], "for categories"),
        ([{"field": "backer"}], [], "name the levels"),
        ([{"field": "backer", "to": ["uncle"]}], [], "no level uncle"),
        ([{"field": "backer", "to": ["firm"], "step": "1"}], [], "for numbers"),
        ([{"field": "end", "step": "1"}], [], "R13 says time"),
        ([{"field": "income", "step": "100", "minimum": "0", "maximum": "900"}], [], "R14 says no"),
        ([{"field": "months", "step": "1"}] * 2, [], "listed twice"),
        (
            [{"field": "months", "step": "1"}],
            [{"kind": "follows", "field": "end", "of": "amount"}],
            "not among the fields",
        ),
        (
            [{"field": "months", "step": "1"}],
            [{"kind": "follows", "field": "income", "of": "months"}],
            "R14 says no, so that it cannot follow",
        ),
        (
            [{"field": "months", "step": "1"}, {"field": "amount", "step": "10"}],
            [{"kind": "follows", "field": "amount", "of": "months"}],
            "by itself too",
        ),
        (
            [{"field": "months", "step": "1"}],
            [{"kind": "at_most", "field": "backer"}],
            "between numbers",
        ),
        (
            [{"field": "months", "step": "1"}],
            [{"kind": "no_heavier", "field": "months", "over": "amount"}],
            "above 0 only",
        ),
    ],
)
def test_what_a_policy_may_not_say_of_changes_is_named_with_its_cure(
    fields: list[object], relations: list[object], why: str
) -> None:
    spec = ChangesSpec.model_validate({"fields": fields, "relations": relations})
    (problem,) = change_problems(spec, CONTRACT, CONCEPTS)
    assert why in problem
    assert problem.startswith("policy.yaml: changes: ")


def test_monitor_only_fields_can_be_in_no_change_and_no_relation() -> None:
    fields = [*FIELDS, Field(name="age", label="Age", type="integer", role="monitor_only")]
    contract = Contract(fields)
    spec = ChangesSpec.model_validate({"fields": [{"field": "age", "step": "1"}]})
    assert "only scored fields" in change_problems(spec, contract, ())[0]
    spec = ChangesSpec.model_validate(
        {
            "fields": [{"field": "months", "step": "1"}],
            "relations": [{"kind": "at_most", "field": "months", "times": {"age": "1"}}],
        }
    )
    assert "only scored fields" in change_problems(spec, contract, ())[0]


def test_of_the_sample_model_it_is_what_trying_everything_finds(
    trees: Bundle, rows: list[Row]
) -> None:
    spec = ChangesSpec.model_validate(
        {
            "fields_at_most": 3,
            "fields": [
                {"field": "duration_months", "step": "6", "minimum": "6", "maximum": "72"},
                {"field": "credit_amount", "step": "500", "minimum": "500", "maximum": "18000"},
                {"field": "co_debtors", "to": ["guarantor"]},
            ],
        }
    )
    surface, at_most = trees.surface(), -1.5
    assert isinstance(surface, TreeSurface)
    declined = [row for row, raw in zip(rows, trees.score(rows), strict=True) if raw > at_most][:8]
    for row in declined:
        room = room_of(row, spec, trees.contract, everything_allowed)
        others = []
        for places in itertools.product(*(range(len(axis.settings)) for axis in room.axes)):
            settled = zip(room.axes, places, strict=True)
            moved = [(axis, place) for axis, place in settled if place != axis.stated]
            cost = (len(moved), math.fsum(axis.sizes[place] for axis, place in moved))
            others.append((cost, room.changed(room.axes, places)))
        passing = [
            cost
            for (cost, _), raw in zip(others, trees.score([o for _, o in others]), strict=True)
            if raw <= at_most
        ]
        limits = Limits(fields=3, tries=10**6, expired=lambda: False)
        verify = lambda told: trees.score_again([told])[0] <= at_most  # noqa: E731
        answer = smallest_changes(room, surface, trees.score_again, at_most, limits, verify)
        if not passing:
            assert answer.kind == "none"
            continue
        first = answer.options[0]
        least = min(passing)
        assert first.fields == least[0]
        assert first.size == pytest.approx(least[1], abs=1e-12)


def test_a_bundle_whose_structure_is_not_its_model_fails_its_check(trees: Bundle) -> None:
    other = Bundle(trees._files)
    adapter, explainer = trees.parts_in_memory()
    other.use(adapter, explainer)
    _check_changes(other, adapter.precision)
    other._surface = TreeSurface(adapter.trees()[:-1], adapter.encoder)  # type: ignore[attr-defined]
    with pytest.raises(AssertionError, match="row 0, "):
        _check_changes(other, adapter.precision)

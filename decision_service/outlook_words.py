"""What was worked out of a recommendation, in sentences: each says only what was computed."""

from collections.abc import Sequence

from decision_service.company import NEAR_MIN, Company, Matured
from decision_service.outlooks import (
    ERASED,
    NOT_DECLARED,
    NOTHING,
    OTHER_VERSION,
    RULE,
    SUSPENDED,
    UNAVAILABLE,
    UNSCORED,
    Doubts,
    Stated,
    Turn,
)
from explain.changes.answers import Answer, Change, Option
from explain.changes.novelty import FieldNovelty, Novelty
from explain.changes.uncertainty import Uncertainty
from explain.declared.contract import NUMERIC, Contract
from explain.values import Scalar
from overrides.values import Recommendation
from ui.change_views import ChangeLine, LikeView

WHY_NOT = {
    UNSCORED: "There is no score, so nothing can be said of what would change it.",
    SUSPENDED: "The model has been suspended, so nothing is worked out with it.",
    ERASED: "Fields of this application have been erased, so nothing can be worked out.",
    OTHER_VERSION: "The versions that made this decision are not at hand to be asked again.",
    NOT_DECLARED: "The policy of this model does not say which fields may be asked to change.",
    NOTHING: "The recommendation is to approve.",
    UNAVAILABLE: "The model gave no answer just now. Ask again later.",
}
RULE_WORDS = "A fixed rule of the policy decides, whatever else changes."

ADVICE = {
    Recommendation.APPROVE: "model and policy would recommend approving",
    Recommendation.REFER: "model and policy would leave the application to a person",
}
TOWARDS = {
    Recommendation.APPROVE: "approval",
    Recommendation.REFER: "a person's decision instead of a decline",
}
NO_PROMISE = "This is no promise: model and policy would recommend it, and a person decides."

NO_LOANS = "No calibration loans came with this model: nothing says how far its score is borne out."


def headline(turn: Turn) -> str:
    """What was found, in one sentence."""
    if turn.answer is None:
        return RULE_WORDS if turn.why == RULE else WHY_NOT[turn.why]
    answer, towards = turn.answer, TOWARDS[turn.advice]
    if answer.kind == "found":
        kind = "The smallest change" if answer.smallest else "The best change that was found"
        return f"{kind} towards {towards}."
    if answer.kind == "none":
        return f"No change within the policy's limits turns this towards {towards}."
    return f"The search stopped at its limit before it found a change towards {towards}."


def notes(told: Stated, turn: Turn) -> tuple[str, ...]:
    """How the answer is to be read: over what was looked, and what it does not say."""
    unsupported = () if told.loaded.bundle.calibration else (NO_LOANS,)
    if turn.answer is None:
        return (*(told.loaded.policy.rule_text(rule) for rule in turn.rules), *unsupported)
    spec = told.loaded.bundle.policy_spec.changes
    assert spec is not None, "only declared changes are looked for"
    contract = told.loaded.bundle.contract
    labels = [contract[one.field].label.lower() for one in spec.fields]
    most = spec.fields_at_most
    looked = (
        f"Looked at: {turn.answer.tried:,} combinations of at most "
        f"{most} field{'' if most == 1 else 's'} among {', '.join(labels)}."
    )
    return (looked, *_of_answer(turn.answer), *unsupported)


def _of_answer(answer: Answer) -> tuple[str, ...]:
    """The same of one answer."""
    if answer.kind == "stopped":
        return ("There may be changes that were not looked at.",)
    if answer.kind == "none":
        return ()
    order = (
        "Smallest means: the fewest fields, then the least way along their declared ranges."
        if answer.smallest
        else "Not all combinations were looked at, so a smaller change may exist."
    )
    return (order, NO_PROMISE)


def options(told: Stated, turn: Turn) -> tuple[str, ...]:
    """What was found, the smallest first."""
    found = turn.answer.options if turn.answer else ()
    return tuple(sentence(told.loaded.bundle.contract, one, turn.advice) for one in found)


def sentence(contract: Contract, option: Option, advice: Recommendation) -> str:
    """One set of changes: "If … were 24 months instead of 36 months, …"."""
    said = [_were(contract, change) for change in option.changes]
    if len(said) > 1:
        said = [*said[:-2], f"{said[-2]} and {said[-1]}"]
    return f"If {', '.join(said)}, and all else as stated, {ADVICE[advice]}."


def lines(contract: Contract, changes: Sequence[Change]) -> tuple[ChangeLine, ...]:
    """Field by field."""
    return tuple(
        ChangeLine(
            label=contract[one.field].label,
            before=contract[one.field].in_words(one.before),
            after=contract[one.field].in_words(one.after),
        )
        for one in changes
    )


def _were(contract: Contract, change: Change) -> str:
    """One change as a condition."""
    before, after = (_quoted(contract, change.field, v) for v in (change.before, change.after))
    return f"the {contract[change.field].label.lower()} were {after} instead of {before}"


def _quoted(contract: Contract, name: str, value: Scalar) -> str:
    """A value in words, levels in quotes: they were not written to stand in such a sentence."""
    words = contract[name].in_words(value)
    return words if contract[name].type in NUMERIC else f"“{words}”"


def doubt_words(told: Stated, found: Doubts) -> tuple[str, ...]:
    """What to mind of the score, nothing where there is nothing."""
    return (*novelty_words(told, found.novelty), *bounds_words(told, found.bounds))


def like_views(told: Stated, found: Company) -> tuple[LikeView, ...]:
    """The nearest pinned applicant of either side, and in what they differ."""
    bundle = told.loaded.bundle
    pinned, of = bundle.likeness.rows, len(bundle.contract.features)
    views = []
    for advice, nearest in found.examples:
        for near in nearest[:1]:
            other = pinned[near.place]
            changes = [
                Change(name, value, other[name])
                for name, value in told.row.items()
                if other[name] != value
            ]
            views.append(
                LikeView(
                    text=f"The nearest of {len(pinned)} pinned applicants whom model and policy "
                    f"would {advice.value} differs in {len(changes)} of {of} fields",
                    lines=lines(bundle.contract, changes),
                )
            )
    return tuple(views)


def matured_words(found: Matured) -> str:
    """What became of near loans; that there are too few otherwise."""
    if not found.enough:
        return (
            f"Too few near loans to count: {found.near.of} of the {found.looked_at} latest that "
            f"have matured are near, and at least {NEAR_MIN} are needed."
        )
    assert found.near.interval is not None, "there are some"
    low, high = (100 * one for one in found.near.interval)
    said = f"Of {found.near.of} near loans that have matured, {found.near.count} went bad "
    simulated = " Some of these outcomes are simulated." if found.simulated else ""
    return f"{said}({low:.0f} to {high:.0f} of 100, a 95 % interval).{simulated}"


def novelty_words(told: Stated, novelty: Novelty) -> tuple[str, ...]:
    """In what the applicant is unlike the pinned ones."""
    said = []
    pinned = f"the {novelty.of} pinned applicants"
    if novelty.far and novelty.farther:
        said.append(
            f"Only {novelty.farther} of {pinned} stand as far from all others as this applicant."
        )
    elif novelty.far:
        said.append(f"Unlike any of {pinned}: none of them stands as far from all others.")
    said += [field_novelty_words(told, one, novelty.of) for one in novelty.fields]
    return tuple(said)


def field_novelty_words(told: Stated, one: FieldNovelty, of: int) -> str:
    """One unusual value."""
    field, value = told.loaded.bundle.contract[one.field], told.row[one.field]
    words = field.in_words(value)
    if one.kind == "outside":
        return f"{field.label}: {words} is outside what the {of} pinned applicants have."
    if one.kind == "unseen":
        return f"{field.label}: none of the {of} pinned applicants has “{words}”."
    if field.type in NUMERIC and value is not None:
        return f"{field.label}: {one.alike} of the {of} pinned applicants are at {words} or beyond."
    return f"{field.label}: {one.alike} of the {of} pinned applicants have “{words}”."


def bounds_words(told: Stated, bounds: Uncertainty | None) -> tuple[str, ...]:
    """What outcomes say against relying on the probability; nothing where they say nothing."""
    if bounds is None:
        return ()
    loans = f"{bounds.of} calibration loans"
    if not bounds.supported:
        riskier = f"{bounds.at_least} were scored as risky or riskier"
        return (f"Not supported by data: of the {loans}, {riskier}.",)
    cutoffs, score = told.loaded.policy.cutoffs, float(told.decision.probability or 0.0)
    named = {"approval": float(cutoffs.approve_up_to), "decline": float(cutoffs.decline_above)}
    # At a cut-off one is still on its lenient side.
    crossed = [
        name
        for name, cutoff in named.items()
        if {bounds.low > cutoff, bounds.high > cutoff} != {score > cutoff}
    ]
    if not crossed:
        return ()
    read = f"{100 * bounds.low:.1f} to {100 * bounds.high:.1f} of 100"
    sides = f"not wholly on the same side of the cut-off for {' and '.join(crossed)}"
    return (f"Read by what became of the {loans}, this score stands for {read}: {sides}.",)

"""Promises every adapter, explainer and bundle keeps, shipped so that yours can be held to them.

The checks of single parts raise AssertionError; ``check_bundle`` runs them all and reports.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .adapters import ModelAdapter
from .bundle import SAMPLED_PROOF_ROWS, Bundle, describe, load
from .changes.axes import room_of
from .declared.plain_words import wording_problems
from .errors import ExplainError
from .explainers import Explainer
from .measures.backgrounds import background_in_words, check_background
from .measures.measuring import differing, measure
from .values import ADDITIVITY_TOLERANCE, Explanation, Row

CHECKED_ROWS = 50
CHANGED_ROWS = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise of a bundle: whether it is kept, and in words what was seen."""

    ok: bool
    text: str


def check_model_adapter(adapter: ModelAdapter, rows: Sequence[Row]) -> None:
    """Same row, same score, alone or among others; a field it does not name changes nothing."""
    together = adapter.score(rows)
    assert len(together) == len(rows), "another number of scores than rows"
    for row, score in zip(rows, together, strict=True):
        assert math.isfinite(score), "a score is not finite"
        (alone,) = adapter.score([row])
        # Linear algebra may add up a block in another order than a row.
        near = ADDITIVITY_TOLERANCE * max(1.0, abs(score))
        assert abs(alone - score) <= near, "a row scores otherwise alone than among others"
        assert adapter.score([row]) == [alone], "scoring twice gave two scores"
        assert adapter.score([{**row, "unheard_of": 1.0}]) == [alone], "an undeclared field counts"


def check_explainer(adapter: ModelAdapter, explainer: Explainer, rows: Sequence[Row]) -> None:
    """The parts are of this model's score, add up to it, and do not depend on the company kept."""
    scores = adapter.score(rows)
    together = explainer.attribute(rows)
    assert len(together) == len(rows), "another number of answers than rows"
    for row, score, parts in zip(rows, scores, together, strict=True):
        size = max(1.0, abs(score))
        tolerance = ADDITIVITY_TOLERANCE * size
        assert len(parts.amounts) == len(adapter.features), "not one amount per feature"
        assert abs(parts.score - score) <= adapter.precision * size, "explains another score"
        total = math.fsum([parts.base, *parts.amounts])
        assert abs(total - parts.score) <= tolerance, "base and contributions miss the score"
        (alone,) = explainer.attribute([row])
        furthest = max(abs(a - b) for a, b in zip(alone.amounts, parts.amounts, strict=True))
        assert furthest <= tolerance, "a row is explained otherwise alone than among others"


def check_bundle(directory: Path, *, apart: bool = True, model_hosts: str = "") -> list[Finding]:
    """Hold a bundle folder against every promise; stops at the first that nothing can follow.

    With ``apart`` a model file that is the end of the library that reads it is no end of this. A
    model over HTTP is asked only at one of ``model_hosts``.
    """
    findings: list[Finding] = []
    try:
        contents = describe(directory)
        findings.append(
            Finding(True, f"{contents.name}: every file is whole and says what it must")
        )
        bundle = load(directory, prove=False, apart=apart, model_hosts=model_hosts)
        findings.append(Finding(True, _proven(bundle, bundle.prove())))
    except ExplainError as refused:
        return [*findings, Finding(False, str(refused))]
    rows = bundle.reference[:CHECKED_ROWS]
    adapter, explainer = bundle.parts_in_memory()
    told: list[tuple[str, Callable[[], None]]] = [
        (
            "a row scores the same alone and among others",
            lambda: check_model_adapter(adapter, rows),
        ),
        (
            "contributions add up, alone and among others",
            lambda: check_explainer(adapter, explainer, rows),
        ),
        ("fields that are not scored change nothing", lambda: _check_unscored(bundle)),
        ("every reference row is explained, reliably and in words", lambda: _check_worded(bundle)),
        ("reasons do not depend on the order of fields", lambda: _check_order(bundle)),
        ("the example is a valid application", lambda: _check_example(bundle)),
        ("applicants can read the reasons, in every language", lambda: _check_words(bundle)),
    ]
    if bundle.policy_spec.changes is not None and not bundle.one_by_one:
        words = "what an application may become is scored as the model scores it"
        told.append((words, lambda: _check_changes(bundle, adapter.precision)))
    findings += [_finding(text, check) for text, check in told]
    return findings + _measured(bundle)


def _measured(bundle: Bundle) -> list[Finding]:
    """What is measured of the background and of the reasons, now and when the bundle was made."""
    findings: list[Finding] = []
    try:
        if population := bundle.background_population:
            words = background_in_words(bundle, population)
            findings.append(_finding(words, lambda: check_background(bundle, population)))
        found = measure(bundle)
    except ExplainError as refused:
        return [*findings, Finding(False, str(refused))]
    findings += [Finding(told.kept, str(told)) for told in found]
    findings += [Finding(False, problem) for problem in differing(bundle.measured, found)]
    return findings


def _proven(bundle: Bundle, rows: int) -> str:
    """What so many reference rows were held to, in words."""
    near = f"{bundle.parts_in_memory()[0].precision:g}".replace("e-0", "e-")
    apart = min(rows, SAMPLED_PROOF_ROWS) if bundle.one_by_one else rows
    alike = f"{rows} reference rows: score and record agree to {near}"
    return f"{alike}, contributions of {apart} add up to the score to 1e-9"


def _finding(text: str, check: Callable[[], None]) -> Finding:
    """What became of one check."""
    try:
        check()
    except (AssertionError, ExplainError) as broken:
        return Finding(False, f"{text}: {broken}")
    return Finding(True, text)


def _check_unscored(bundle: Bundle) -> None:
    """An application scores the same with and without its context and monitor-only fields."""
    fields = bundle.example["fields"]
    scored = {f.name for f in bundle.contract.features}
    everything = dict(fields)
    for spec in bundle.contract.fields:
        if spec.name not in scored and spec.levels:
            everything[spec.name] = next(iter(spec.levels))
    full = bundle.contract.check(everything).features
    assert set(full) == scored, "the model is handed fields that are not scored"
    bare = {name: value for name, value in full.items() if name in scored}
    assert bundle.score([full]) == bundle.score([bare]), "a field that is not scored counts"


def _check_changes(bundle: Bundle, precision: float) -> None:
    """Where smallest changes are looked for, every setting has the score that the model gives."""
    spec, surface = bundle.policy_spec.changes, bundle.surface()
    if spec is None or surface is None:
        return  # the model is asked instead
    for place, row in enumerate(bundle.reference[:CHANGED_ROWS]):
        room = room_of(row, spec, bundle.contract, lambda _name, _value: True)
        scores = surface.around(room, lambda: False)
        assert scores is not None, "there was time enough"
        for number, axis in enumerate(room.axes):
            told = scores.grid((number,))
            changed = [room.changed((axis,), (one,)) for one in range(len(axis.settings))]
            for ours, theirs in zip(told.tolist(), bundle.score_again(changed), strict=True):
                far = abs(ours - theirs) > precision * max(1.0, abs(theirs))
                assert not far, f"row {place}, {axis.field}: {ours!r} for {theirs!r}"


def _check_worded(bundle: Bundle) -> None:
    """Each reference row gets an explanation with finished sentences."""
    for place, answer in enumerate(bundle.explain(bundle.reference)):
        assert isinstance(answer, Explanation), f"row {place}: {answer}"
        assert answer.reliable, f"row {place}: {answer.problem}"
        assert answer.reasons, f"row {place} has no reason on either side"
        unfinished = [r.text for r in answer.reasons if "{" in r.text or "}" in r.text]
        assert not unfinished, f"row {place}: {unfinished[0]}"


def _check_order(bundle: Bundle) -> None:
    """The same row with its fields the other way round is explained the same, to the last bit."""
    (row,) = bundle.reference[:1]
    turned = {name: row[name] for name in reversed([*row])}
    assert bundle.explain([turned]) == bundle.explain([row]), "another explanation"


def _check_words(bundle: Bundle) -> None:
    """The codebook's sentences are short, plain and free of what no reason may say."""
    problems = wording_problems(bundle.codebook_spec, bundle.contract)
    assert not problems, "; ".join(problems)


def _check_example(bundle: Bundle) -> None:
    """The example goes all the way to reasons."""
    row = bundle.contract.check(bundle.example["fields"]).features
    (answer,) = bundle.explain([row])
    assert isinstance(answer, Explanation), str(answer)
    assert answer.reliable, answer.problem

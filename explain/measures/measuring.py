"""Measuring a bundle's reasons: when it is made, for its card, and again by every check."""

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import cast

from ..adapters import TreeModel
from ..attribution.background_trees import background_explainer
from ..attribution.sampling import SampledExplainer
from ..bundle import Bundle
from ..declared.bundle_contents import MEASURED_FILE
from ..declared.bundle_files import seal
from ..declared.measured import NEAR, Measured
from ..errors import BundleInvalid
from ..explainers import Explainer
from ..values import Row, probability_of, raw_of
from .fidelity import disturbed, fidelity, nearest_passing
from .similarity import Similarity, in_common, principal, similarity

ROWS_MAX = 200
ROWS_MIN = 30
"""Fewer rows than this that policy does not approve say too little; then all rows count."""

SAMPLED_ROWS = 20
SAMPLED_BACKGROUND = 100

SEED = 1
"""What is drawn is drawn alike each time, so that it can be measured again."""


def measure(bundle: Bundle) -> list[Measured]:
    """All that can be measured of this bundle; BundleInvalid where its trees cannot be compared."""
    scores = bundle.score(bundle.reference)
    trial = _trial(bundle, scores)  # first, as a library apart rests once it has told its trees
    apart = similar(bundle, scores) if bundle.method == "tree_path_dependent" else []
    return [*apart, *trial, *_stillness(bundle, scores)]


def differing(told: Sequence[Measured], found: Sequence[Measured]) -> list[str]:
    """What a bundle says of its reasons that is not what was found, in words."""
    again = {now.id: now for now in found}
    return [
        f"measured.yaml says {before.value} for {before.id}, "
        f"{f'found {now.value} over {now.rows} rows' if now else 'which is not measured'}"
        for before in told
        if (now := again.get(before.id)) is None
        or now.rows != before.rows
        or abs(float(now.value) - float(before.value)) > NEAR
    ]


def write_measured(bundle: Bundle, directory: Path) -> None:
    """Put what is measured of this bundle into its folder, if anything, and seal it again."""
    found = [told.model_dump() for told in measure(bundle)]
    if not found:
        return
    text = json.dumps({"format": "1", "measured": found}, indent=1)  # JSON is YAML, too
    (directory / MEASURED_FILE).write_text(f"{text}\n", encoding="utf-8", newline="\n")
    seal(directory, bundle.name)


def similar(bundle: Bundle, scores: Sequence[float]) -> list[Measured]:
    """How near path-dependent reasons come to interventional ones, for whom policy refuses.

    Against the bundle's background, or, where it has none, all of the reference sample. Forests of
    too many leaves are held against a sampled estimate, over fewer rows.
    """
    model, explainer = bundle.parts_in_memory()
    path, rows = str(bundle.directory), _told(bundle, scores)
    other: Explainer
    try:
        other = background_explainer(cast("TreeModel", model), bundle.background, path)
    except BundleInvalid:
        other = SampledExplainer(model, bundle.background[:SAMPLED_BACKGROUND], path)
        rows = rows[:ROWS_MIN]
    return _kept("similarity", similarity(explainer, other, bundle.wording, rows))


def _trial(bundle: Bundle, scores: Sequence[float]) -> list[Measured]:
    """Whether refusals hang by what their reasons name; nothing where nobody is refused."""
    explainer = bundle.parts_in_memory()[1]
    passing = raw_of(float(bundle.policy_spec.approve_up_to), bundle.scale)
    refused = _refused(bundle, scores)[: _rows_max(bundle)]
    donors = nearest_passing(bundle.reference, scores, passing)
    if not refused or not donors:
        return []
    named = principal(explainer, bundle.wording, refused)
    found = fidelity(bundle.score, bundle.concepts, refused, named, donors, passing, _chance())
    shares = {"named": found.named, "drawn": found.drawn, "gap": found.named - found.drawn}
    return [_measured(f"fidelity_{name}", share, found.rows) for name, share in shares.items()]


def _stillness(bundle: Bundle, scores: Sequence[float]) -> list[Measured]:
    """Whether reasons stay when numbers change by less than anybody could measure."""
    explainer = bundle.parts_in_memory()[1]
    rows = _told(bundle, scores)[: _rows_max(bundle)]
    noisy = disturbed(rows, bundle.contract, _chance())
    before, after = (principal(explainer, bundle.wording, some) for some in (rows, noisy))
    return _kept("stability", in_common(before, after))


def _kept(kind: str, found: Similarity) -> list[Measured]:
    """What two lists of reasons have in common, by name."""
    shares = {
        "same_first": found.same_first,
        "same_four": found.same_four,
        "jaccard": found.jaccard,
    }
    return [_measured(f"{kind}_{name}", share, found.rows) for name, share in shares.items()]


def _measured(name: str, share: float, rows: int) -> Measured:
    """One number, as it is kept."""
    return Measured.model_validate({"id": name, "value": f"{share:.4f}", "rows": rows})


def _chance() -> Random:
    """The same draws each time."""
    return Random(SEED)  # noqa: S311 # nothing secret hangs by it


def _rows_max(bundle: Bundle) -> int:
    """How many rows are explained: a model that is asked thousands of times for each takes long."""
    return SAMPLED_ROWS if bundle.one_by_one else ROWS_MAX


def _told(bundle: Bundle, scores: Sequence[float]) -> Sequence[Row]:
    """Reference rows that policy does not approve: it is these applicants who are told reasons."""
    refused = _refused(bundle, scores)
    return (refused if len(refused) >= ROWS_MIN else bundle.reference)[:ROWS_MAX]


def _refused(bundle: Bundle, scores: Sequence[float]) -> list[Row]:
    """Reference rows above the cut-off for approval."""
    highest = float(bundle.policy_spec.approve_up_to)
    return [
        row
        for row, raw in zip(bundle.reference, scores, strict=True)
        if probability_of(raw, bundle.scale) > highest
    ]

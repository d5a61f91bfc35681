"""Measuring a bundle's reasons: when it is made, for its card, and again by every check."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from .adapters import TreeModel
from .background_trees import background_explainer
from .bundle import Bundle
from .bundle_contents import MEASURED_FILE
from .bundle_files import seal
from .measured import NEAR, Measured
from .similarity import similarity
from .values import Row, probability_of

ROWS_MAX = 200
ROWS_MIN = 30
"""Fewer rows than this that policy does not approve say too little; then all rows count."""


def measure(bundle: Bundle) -> list[Measured]:
    """All that can be measured of this bundle; BundleInvalid where its trees cannot be compared."""
    return _similarity(bundle) if bundle.method == "tree_path_dependent" else []


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


def _similarity(bundle: Bundle) -> list[Measured]:
    """How near path-dependent reasons come to interventional ones, for whom policy declines.

    Against the bundle's background, or, where it has none, all of the reference sample.
    """
    model, explainer = bundle.parts_in_memory()
    other = background_explainer(cast("TreeModel", model), bundle.background, str(bundle.directory))
    found = similarity(explainer, other, bundle.wording, _not_approved(bundle))
    shares = {
        "similarity_same_first": found.same_first,
        "similarity_same_four": found.same_four,
        "similarity_jaccard": found.jaccard,
    }
    return [
        Measured.model_validate({"id": name, "value": f"{share:.4f}", "rows": found.rows})
        for name, share in shares.items()
    ]


def _not_approved(bundle: Bundle) -> Sequence[Row]:
    """Reference rows that policy does not approve: it is these applicants who are told reasons."""
    highest = float(bundle.policy_spec.approve_up_to)
    scores = bundle.score(bundle.reference)
    refused = [
        row
        for row, raw in zip(bundle.reference, scores, strict=True)
        if probability_of(raw, bundle.scale) > highest
    ]
    return (refused if len(refused) >= ROWS_MIN else bundle.reference)[:ROWS_MAX]

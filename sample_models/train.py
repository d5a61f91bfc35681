"""Train the German sample models and write their bundles: ``python -m sample_models.train``."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explain.bundle import load
from explain.declared.bundle_schema import ContractSpec
from explain.declared.calibration import Matured
from explain.declared.contract import Contract
from explain.declared.plain_yaml import read as read_yaml
from explain.measures.measuring import write_measured
from explain.values import Row, probability_of

from .bundle_writer import Draft, write_bundle
from .fitting import Fitted, ScorecardFamily, TreeFamily, choose_and_fit
from .measuring import card_text, measure
from .samples import HERE, Application, german, split, write_held_out

BUNDLES = HERE / "bundles"
DEVELOPMENT = 500
SEED = 5
"""Of the seeds 1 to 11, the one whose held-out log-loss of the trees is the median: a typical split
of a small sample, not a lucky one."""

APPROVE_SHARE = 0.57
REFER_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Recipe:
    """One bundle to train: its names and the family its model is chosen from."""

    name: str
    title: str
    description: str
    model_file: str
    model_format: str
    family: TreeFamily | ScorecardFamily


@dataclass(frozen=True, slots=True)
class Parts:
    """The development and the held-out applications with their checked rows."""

    contract: Contract
    development: Sequence[Application]
    held_out: Sequence[Application]

    def rows(self, applications: Sequence[Application]) -> list[Row]:
        """The scored fields of these applications."""
        contract = self.contract
        return [contract.check(contract.from_text(a.cells)).features for a in applications]


def contract_of(sample: Path) -> Contract:
    """The data contract written in a sample's model.yaml."""
    text = (sample / "model.yaml").read_text(encoding="utf-8")
    spec: Any = read_yaml(text)
    return ContractSpec.model_validate(spec["contract"]).build()


def trees_of(contract: Contract) -> TreeFamily:
    """The trees that the German bundle's model is chosen from."""
    return TreeFamily(
        contract,
        rising=["duration_months"],
        trees=(40, 60, 80, 120),
        leaves=(3, 4, 6),
        smallest=(10, 25),
    )


def train(recipe: Recipe, sample: Path, parts: Parts, directory: Path) -> None:
    """Choose, fit, measure and write one bundle, then hold it against its promises."""
    rows = parts.rows(parts.development)
    bad = [a.bad for a in parts.development]
    fitted = choose_and_fit(recipe.family, rows, bad)
    score, _ = recipe.family.fit(rows, bad, fitted.chosen)
    chances = [probability_of(raw) for raw in score(parts.rows(parts.held_out))]
    cutoffs = cutoffs_of(fitted)
    held_out = measure(chances, [a.bad for a in parts.held_out])
    development = measure(fitted.out_of_fold, bad)
    shares = shares_of(chances, cutoffs)
    draft = Draft(
        name=recipe.name,
        title=recipe.title,
        description=recipe.description,
        model_file=recipe.model_file,
        model_format=recipe.model_format,
        content=fitted.content,
        calibration_p=held_out.calibration_p,
        calibration=[Matured(p, bool(y)) for p, y in zip(fitted.out_of_fold, bad, strict=True)],
        cutoffs=cutoffs,
        card=card_text(development, held_out, fitted.chosen, cutoffs, shares),
    )
    write_bundle(directory, draft, sample, parts.contract, rows, score(rows))
    bundle = load(directory, prove=False)
    proven = bundle.prove()
    write_measured(bundle, directory)
    print(
        f"  {recipe.name}: AUC {held_out.auc:.3f} on {held_out.applications} held-out "
        f"applications, calibration p {held_out.calibration_p:.2f}, {proven} reference rows "
        f"proven, {', '.join(f'{word} {count}' for word, count in shares.items())}"
    )


def train_german(out: Path) -> None:
    """Write both German bundles and the held-out applications into ``out``."""
    sample = HERE / "german"
    contract = contract_of(sample)
    development, held_out = split(german(), DEVELOPMENT, SEED)
    parts = Parts(contract, development, held_out)
    recipes = [
        Recipe(
            "german-credit",
            "German consumer loans",
            "Gradient-boosted trees that put a number on the risk of a consumer loan.",
            "model.txt",
            "lightgbm-text",
            trees_of(contract),
        ),
        Recipe(
            "german-scorecard",
            "German consumer loans, scorecard",
            "A logistic scorecard on the same fields, to compare with and to fall back on.",
            "model.skops",
            "sklearn-skops",
            ScorecardFamily(contract),
        ),
    ]
    out.mkdir(parents=True, exist_ok=True)
    for recipe in recipes:
        print(f"Training {recipe.name} on {len(development)} applications ...", flush=True)
        train(recipe, sample, parts, out / recipe.name)
    write_held_out(out, "", held_out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m sample_models.train", description=__doc__)
    parser.add_argument("--out", type=Path, default=BUNDLES, help="where the bundles go")
    options = parser.parse_args(arguments)
    train_german(options.out)
    print(f"Bundles and held-out applications are in {options.out}")
    return 0


def cutoffs_of(fitted: Fitted) -> tuple[str, str]:
    """Cut-offs, to two decimals, that split the development rows into the wanted shares."""
    ordered = sorted(fitted.out_of_fold)
    places = (APPROVE_SHARE, APPROVE_SHARE + REFER_SHARE)
    low, high = (ordered[round(share * len(ordered)) - 1] for share in places)
    return f"{low:.2f}", f"{high:.2f}"


def shares_of(chances: Sequence[float], cutoffs: tuple[str, str]) -> dict[str, int]:
    """How many applications the cut-offs approve, refer and decline."""
    low, high = (float(cutoff) for cutoff in cutoffs)
    approve = sum(p <= low for p in chances)
    decline = sum(p > high for p in chances)
    return {"approve": approve, "refer": len(chances) - approve - decline, "decline": decline}


if __name__ == "__main__":
    raise SystemExit(main())

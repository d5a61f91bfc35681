"""The model of the benchmark: 500 trees of 31 leaves on 30 fields, packaged as a real bundle."""

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.credit_fields import AMOUNT, FIELDS, as_fields, make_rows
from explain.declared.bundle_contents import EXPECTED_COLUMN
from explain.declared.bundle_files import seal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME = "benchmark-credit"
MODEL_FILE = "model.txt"
TREES = 500
LEAVES = 31
TRAINING_ROWS = 20_000
REFERENCE_ROWS = 50
DAY = "2026-11-01"


def train(path: Path, trees: int) -> "NDArray[np.float64]":
    """Fit the model, write its text to ``path``; returns the rows it was fitted on."""
    import lightgbm

    rows, bad = make_rows(TRAINING_ROWS)
    settings = {
        "objective": "binary",
        "num_leaves": LEAVES,
        "learning_rate": 0.05,
        "num_threads": 1,
        "seed": 1,
        "deterministic": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(rows, bad, feature_name=[field.name for field in FIELDS])
    lightgbm.train(settings, data, num_boost_round=trees).save_model(path)
    return rows


def write_bundle(directory: Path, trees: int = TREES) -> "NDArray[np.float64]":
    """Train, and write the whole bundle; returns the rows the model was fitted on.

    YAML is a superset of JSON, so the files are written as JSON.
    """
    import lightgbm

    directory.mkdir(parents=True)
    rows = train(directory / MODEL_FILE, trees)
    sample = rows[:REFERENCE_ROWS]
    booster = lightgbm.Booster(model_file=directory / MODEL_FILE)
    scores = [float(score) for score in booster.predict(sample, raw_score=True)]
    with (directory / "reference.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([*(field.name for field in FIELDS), EXPECTED_COLUMN])
        for row, score in zip(sample.tolist(), scores, strict=True):
            values = as_fields(row).values()
            table.writerow([*("" if v is None else f"{v:g}" for v in values), repr(score)])
    parts = {
        "model.yaml": model(as_fields(rows[0].tolist())),
        "policy.yaml": policy(),
        "codebook.yaml": codebook(),
        "kpis.yaml": kpis(),
    }
    for name, part in parts.items():
        text = json.dumps(part, indent=1, ensure_ascii=False)
        (directory / name).write_text(text, encoding="utf-8")
    (directory / "card.md").write_text("A model for measuring speed. Its data are made up.\n")
    seal(directory, NAME)
    return rows


def model(example: dict[str, float | None]) -> dict[str, Any]:
    """What ``model.yaml`` says."""
    fields = [
        {
            "name": field.name,
            "label": field.label,
            "type": "money" if field.name == AMOUNT else "number",
            "role": "feature",
            "missing": "allow" if field.missing_share else "refuse",
            "minimum": f"{field.low:g}",
            "maximum": f"{field.high:g}",
        }
        for field in FIELDS
    ]
    given = {name: f"{value:g}" for name, value in example.items() if value is not None}
    return {
        "format": "1",
        "name": NAME,
        "title": "Benchmark model",
        "owner": {"team": "Nobody", "contact": "nobody@lender.example"},
        "description": "A model for measuring speed.",
        "note": "The data are made up. Never lend by this.",
        "version": "1",
        "date": DAY,
        "model": {
            "file": MODEL_FILE,
            "format": "lightgbm-text",
            "scale": "log-odds-of-bad",
            "explainer": "tree_path_dependent",
            "reference": "reference.csv",
        },
        "contract": {
            "owner": {"team": "Nobody", "contact": "nobody@lender.example"},
            "cadence": "with each application",
            "fields": fields,
        },
        "outcome": {
            "id": "bad-90-in-12",
            "performance_window_months": "12",
            "bad_dpd": "90",
            "indeterminate_dpd": "30",
            "bad_kinds": ["written_off"],
            "excluded_kinds": ["fraud"],
        },
        "budgets": {
            "decision_ms_p95": "50",
            "explain_ms_p95": "20",
            "review_minutes_per_case": "5",
        },
        "monitor_only_note": "There are no such fields.",
        "example": given,
    }


def policy() -> dict[str, Any]:
    """What ``policy.yaml`` says: everything goes to a person."""
    return {
        "format": "1",
        "version": "1",
        "date": DAY,
        "approve_up_to": "0.15",
        "decline_above": "0.30",
        "near_cutoff": "0.01",
        "audit_sample_rate": "0.03",
        "automation": "none",
        "limits": {
            "tier1_minor": "500000",
            "tier2_minor": "1000000",
            "near_relative": "0.10",
            "far_multiple": "2",
            "currency": "EUR",
        },
        "defaults": {
            "product": "consumer-loan",
            "branch": "main",
            "channel": "branch",
            "jurisdiction": "DE",
            "currency": "EUR",
            "amount_field": AMOUNT,
        },
        "legal_clock_days": "30",
        "service_hours": "48",
    }


def codebook() -> dict[str, Any]:
    """What ``codebook.yaml`` says: one concept per field."""
    concepts = [
        {
            "id": f"R{40 + place}",
            "title": field.label,
            "features": [field.name],
            "sign": "+" if field.pull > 0 else "-",
            "actionable": "part",
            "adverse": {"en": f"{field.label}: {{{field.name}}}. This raises the risk."},
            "favourable": {"en": f"{field.label}: {{{field.name}}}. This lowers the risk."},
            "why": "It was in the sample.",
        }
        for place, field in enumerate(FIELDS)
    ]
    code = {
        "code": "D01",
        "label": "A record is wrong",
        "direction": "either",
        "evidence": {"required": "true", "what": "a corrected record", "types": ["RECORD"]},
        "second_approver": "never",
        "note_min_chars": "20",
        "signal": "DATA",
        "group": "The data are wrong",
        "description": "A record belongs to somebody else or holds an error.",
    }
    shell = {"format": "1", "version": "1", "date": DAY, "languages": ["en"]}
    return {**shell, "concepts": concepts, "justifications": [code]}


def kpis() -> dict[str, Any]:
    """What ``kpis.yaml`` says: one number for each of the four owners."""
    common = {
        "title": "Speed",
        "measure": "decisions per second",
        "unit": "1/s",
        "better": "higher",
        "baseline": "1",
        "target": "2",
        "minimum_improvement": "1",
        "date": DAY,
    }
    owners = ("data_science", "risk", "compliance", "operations")
    return {"format": "1", "kpis": [{"id": o, "owner": o, **common} for o in owners]}

"""The datasheet of a feedback set: what it is, in words, with how to load and check it.

It answers the questions of Gebru et al., "Datasheets for Datasets", Communications of the ACM 64
(2021), from the manifest alone, so the same cut gives the same bytes.
"""

from collections.abc import Mapping, Sequence

from decision_service.feedback_files import MANIFEST
from decision_service.feedback_papers import Columns
from overrides.feedback import WrittenFile
from overrides.feedback_columns import Column
from overrides.feedback_design import TIMES
from overrides.journal import Json

DATASHEET = "README.md"


def datasheet(about: Mapping[str, Json], files: Sequence[WrittenFile], columns: Columns) -> str:
    """The set in words, with how to load it."""
    labels, form = about["labels"], files[0].name.rpartition(".")[2]
    statuses = "\n".join(f"| `{s}` | {n} |" for s, n in about["label_status"].items())
    models = "\n\n".join(_columns_table(model, columns[model]) for model in sorted(columns))
    caveats = "\n".join(f"- {caveat}" for caveat in about["caveats"])
    simulated = about["simulated_rows"]
    played = f" {simulated} of them are simulated (column `simulated`)." if simulated else ""
    return f"""# Feedback set as of {about["as_of"]}

## Why it was made

For {about["purpose"]}: decisions on credit applications, joined with what became of the loans.

## What is in it

{about["rows"]} rows, one for each closed case{_of(about["bundle"])}.{played} {labels["good"]} have
the label good and {labels["bad"]} bad. {about["erased_rows"]} rows were left out because their
application was erased.

| label status | rows |
|---|---|
{statuses}

{caveats}

## How it was collected and labelled

Features are as they were scored; nothing was refreshed. Definitions of good and bad in use:
{", ".join(about["outcome_definitions"]) or "none"}. {_sentence(about["maturity"]["means"])}
{about["maturity"]["early_bads_held_back"]} bad loans are held back so. `label_unmanaged` says what
is left when forbearance, re-ageing and restructuring may hide no arrears.

`p_routed`, `p_assigned` and `p_random_accept` are chances by design, written down when they were
drawn, and empty where nothing was drawn. `p_approve_est` is an estimate:
{about["design"]["p_approve_est"]["method"]}; with fewer than
{about["design"]["p_approve_est"]["alike_min"]} cases alike it is empty and says so. `weight` is its
inverse, for {about["design"]["weighted_rows"]} rows
({about["design"]["effective_rows"] or "no"} effective rows by Kish's formula). It corrects for
selection only as far as cases with the same recommendation and band of score are alike.

`appealed` and `appeal_result` are known only after the decision: they say how it was received, and
are no features of it. An appeal that was still open at the cut keeps its case out of the set.

`split` is a suggestion: by the time of closing, no day in two parts.

{_use(about, form)}

## Columns

{models}
"""


def _use(about: Mapping[str, Json], form: str) -> str:
    """What the set is good for, how to load it, check it and keep it."""
    ledger = about["ledger"]
    return f"""## What the declined would have done

Nobody knows. {_band(about["sensitivity"])}

## What to use it for, and not

Judge overrides by observed over expected bad. Do not compare declined with approved outcomes. Do
not count `IMMATURE` as good. Labels you infer stay apart and never enter an evaluation.

## How to load it

```python
{_loading(form)}
```

## How to check it

`python verify.py` needs Python alone: it checks files, counts and row hashes, and that the
checkpoint of the ledger was signed. The set is that of the ledger `{ledger["log"]}` at
{ledger["size"]} entries and {about["erasure_epoch"]} erasures; `countermand feedback check FOLDER`
says which of its rows were erased since. The writer was {about["writer"]}; the row hash
`{about["row_hash"]}` does not depend on it.

## How it is kept

Pass it to nobody without the manifest. When rows were erased since, make a new set and destroy this
one. `{MANIFEST}` names every other file with its hash; the ledger has an entry with the hash of
`{MANIFEST}`."""


def _of(bundle: str | None) -> str:
    """Of which model, where it is one."""
    return f" of {bundle}" if bundle else ""


def _sentence(text: str) -> str:
    """A text with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def _band(found: Mapping[str, Json]) -> str:
    """The sensitivity band in words."""
    if not found["bands"]:
        return _sentence(str(found["result"]))
    low, high = found["interval"]
    lines = "\n".join(
        f"| {band['times']} times | {band['bad_rate_of_declined']} | {band['bad_rate_of_all']} |"
        for band in found["bands"]
    )
    return f"""{found["bad"]} of {found["labelled"]} labelled loans were bad: {found["bad_rate"]}
(95 % interval {low} to {high}, Wilson). If the {found["declined"]} declined had been
{", ".join(f"{times} times" for times in TIMES)} as bad, which is an assumption and no information:

| times as bad | bad rate of the declined | bad rate of all |
|---|---|---|
{lines}"""


def _loading(form: str) -> str:
    """One line for each library."""
    if form == "csv":
        return """pandas.concat(map(pandas.read_csv, glob.glob("*.csv")))
polars.scan_csv("*.csv").collect()
duckdb.sql("SELECT * FROM '*.csv'")
X, y = frame.filter(like="scored_"), frame["label"]  # scikit-learn, from a pandas frame"""
    return """pandas.concat(map(pandas.read_parquet, glob.glob("*.parquet")))
polars.read_parquet("*.parquet")
duckdb.sql("SELECT * FROM '*.parquet'")
X, y = frame.filter(like="scored_"), frame["label"]  # scikit-learn, from a pandas frame"""


def _columns_table(model: str, columns: Sequence[Column]) -> str:
    """The columns of a model's rows."""
    lines = "\n".join(f"| `{c.name}` | {c.kind} | {c.words} |" for c in columns)
    return f"### {model}\n\n| column | kind | what it says |\n|---|---|---|\n{lines}"

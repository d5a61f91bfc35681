"""What machines read of a feedback set: its data contract and its metadata.

The contract follows the Open Data Contract Standard 3.2.0 (Bitol), the metadata Croissant 1.1
(MLCommons). Both say what the manifest says, so the same cut gives the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from overrides.feedback import WrittenFile
from overrides.feedback_columns import (
    FLAG,
    INSTANT,
    NUMBER,
    STRUCTURES,
    TEXT,
    TEXTS,
    WHOLE,
    Column,
)
from overrides.journal import Json

CONTRACT, CROISSANT = "contract.odcs.yaml", "croissant.json"
CONTRACT_ID = "countermand-feedback-v2"
KEY = "case_pseudonym"
SINGLE_KEYS = frozenset({KEY, "ledger_seq"})

_LOGICAL = {
    TEXT: "string",
    WHOLE: "integer",
    NUMBER: "number",
    FLAG: "boolean",
    INSTANT: "timestamp",
}
_CROISSANT = {
    TEXT: "sc:Text",
    WHOLE: "sc:Integer",
    NUMBER: "sc:Float",
    FLAG: "sc:Boolean",
    INSTANT: "sc:DateTime",
}
_MEDIA = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}
_TERMS = """
    arrayShape citeAs column containedIn equivalentProperty examplesOf excludes extract field
    fileObject fileProperty fileSet format includes isArray isLiveDataset jsonPath key md5
    parentField path readLines recordSet references regex replace samplingRate sdVersion separator
    source subField transform unArchive value
"""
_CR = {name: f"cr:{name}" for name in _TERMS.split()}
_CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "repeated": "cr:repeated",
    **_CR,
}

Columns = Mapping[str, Sequence[Column]]  # of each model


def contract(about: Mapping[str, Json], columns: Columns) -> str:
    """The data contract, in YAML."""
    import yaml

    told = {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": CONTRACT_ID,
        "version": "2.1.0",
        "status": "active",
        "name": "Labelled feedback set",
        "domain": "credit",
        "description": {
            "purpose": f"Decisions joined with outcomes, for {about['purpose']}.",
            "usage": "Use label with weight and split; every row says why its label is there.",
            "limitations": " ".join(about["caveats"]),
        },
        "schema": [_object(name, columns[name]) for name in sorted(columns)],
        "slaProperties": [
            {"property": "latency", "value": 1, "unit": "d"},
            {"property": "retention", "value": 7, "unit": "y"},
        ],
        "customProperties": [
            {"property": "asOf", "value": about["as_of"]},
            {"property": "erasureEpoch", "value": about["erasure_epoch"]},
            {"property": "rowHash", "value": about["row_hash"]},
            {"property": "ledger", "value": about["ledger"]["log"]},
        ],
    }
    text: str = yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=100)
    return text


def _object(name: str, columns: Sequence[Column]) -> dict[str, Any]:
    """The table of one model."""
    return {
        "name": name,
        "logicalType": "object",
        "physicalType": "file",
        "dataGranularityDescription": "One row for each closed case.",
        "properties": [_property(column) for column in columns],
        "quality": [
            {
                "type": "library",
                "metric": "duplicateValues",
                "mustBe": 0,
                "arguments": {"properties": [KEY]},
            }
        ],
    }


def _property(column: Column) -> dict[str, Any]:
    """One column."""
    told: dict[str, Any] = {"name": column.name, "description": column.words}
    if column.kind in STRUCTURES:
        parts = [_property(Column(n, kind, n)) for n, kind in STRUCTURES[column.kind]]
        return {
            **told,
            "logicalType": "array",
            "items": {"logicalType": "object", "properties": parts},
        }
    if column.kind == TEXTS:
        return {**told, "logicalType": "array", "items": {"logicalType": "string"}}
    told["logicalType"] = _LOGICAL[column.kind]
    if column.name in SINGLE_KEYS:
        told["unique"] = True
    if column.required:
        told["required"] = True
    if column.values:
        told["enum"] = [{"value": str(value)} for value in column.values]
    if column.role:
        told["customProperties"] = [{"property": "contractRole", "value": column.role}]
    return told


def croissant(
    about: Mapping[str, Json], files: Sequence[WrittenFile], columns: Columns, name: str
) -> str:
    """The metadata, in JSON-LD. ``name`` is that of the set, without blanks."""
    sets = [_file_set(model, files) for model in sorted(columns)]
    told = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": name,
        "description": (
            f"{about['rows']} closed credit decisions as of {about['as_of']}, joined with what"
            " became of the loans. Each row says why its outcome is or is not known."
        ),
        "version": "2.1.0",
        "license": "https://spdx.org/licenses/LicenseRef-internal-use-only",
        "url": f"urn:countermand:feedback:{about['row_hash']}",
        "datePublished": str(about["as_of"])[:10],
        "creator": {"@type": "sc:Organization", "name": str(about["ledger"]["log"])},
        "citeAs": f"Feedback set {about['row_hash']} of the ledger {about['ledger']['log']}",
        "isLiveDataset": False,
        "rai:dataCollection": "Recorded at each decision; outcomes are of the books.",
        "rai:dataBiases": list(about["caveats"]),
        "rai:dataLimitations": about["maturity"]["means"],
        "rai:personalSensitiveInformation": (
            "Financial data of applicants under keyed pseudonyms; no names, no notes, no protected"
            " attributes. Rows of erased applicants are left out of later sets."
        ),
        "rai:dataUseCases": about["purpose"],
        "distribution": [*(_file_object(file) for file in files), *sets],
        "recordSet": [_record_set(model, columns[model]) for model in sorted(columns)],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _file_object(file: WrittenFile) -> dict[str, Any]:
    """One file."""
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "contentSize": f"{file.size} B",
        "encodingFormat": _MEDIA[file.name.rpartition(".")[2]],
        "sha256": file.sha256,
    }


def _file_set(model: str, files: Sequence[WrittenFile]) -> dict[str, Any]:
    """All files of a model."""
    form = files[0].name.rpartition(".")[2]
    own = [file.name for file in files if _model_of(file.name) == model]
    return {
        "@type": "cr:FileSet",
        "@id": f"{model}-files",
        "name": f"{model}-files",
        "encodingFormat": _MEDIA[form],
        "includes": own,
    }


def _model_of(name: str) -> str:
    """The model whose rows a file has."""
    stem = name.rpartition(".")[0]
    head, _, number = stem.rpartition("-")
    return head if head and len(number) == len("00001") and number.isdecimal() else stem


def _record_set(model: str, columns: Sequence[Column]) -> dict[str, Any]:
    """The rows of a model."""
    return {
        "@type": "cr:RecordSet",
        "@id": model,
        "name": model,
        "key": {"@id": f"{model}/{KEY}"},
        "field": [_field(model, column) for column in columns if column.kind not in STRUCTURES],
    }


def _field(model: str, column: Column) -> dict[str, Any]:
    """One column."""
    lists = {"repeated": True} if column.kind == TEXTS else {}
    return {
        "@type": "cr:Field",
        "@id": f"{model}/{column.name}",
        "name": column.name,
        "description": column.words,
        "dataType": _CROISSANT.get(column.kind, "sc:Text"),
        **lists,
        "source": {"fileSet": {"@id": f"{model}-files"}, "extract": {"column": column.name}},
    }

"""The codebook compliance owns: reason concepts with their wording, and justification codes."""

import string
from typing import Annotated, Literal, Self

from pydantic import Field as Limit
from pydantic import model_validator

from .comparing import COMPARED, uses
from .contract import NUMERIC, Contract
from .policy_schema import ConceptId, DateText, FieldName, Strict, Text

Sign = Literal["+", "-", "±"]
ENGLISH = "en"
Language = Annotated[str, Limit(pattern=r"^[a-z]{2}$")]


class Concept(Strict):
    """One thing a reason can be about; every feature belongs to exactly one.

    ``sign`` says whether a higher value is expected to raise the risk; ``actionable`` whether the
    applicant can change it. Sentences hold ``{field}`` where the applicant's value goes, and
    ``{compared}`` where a sentence may follow on how it compares with the pinned background.
    """

    id: ConceptId
    title: Text
    features: Annotated[tuple[FieldName, ...], Limit(min_length=1)]
    sign: Sign
    actionable: Literal["yes", "part", "time", "no"]
    adverse: dict[Language, Text]
    favourable: dict[Language, Text]
    why: Text


class EvidenceSpec(Strict):
    """What an officer has to show for a justification code, and which kinds count."""

    required: bool
    what: Text
    types: tuple[str, ...] = ()


class JustificationSpec(Strict):
    """One justification code for an override.

    ``direction``: ``low`` approves against the model, ``high`` declines against it, ``either``.
    ``threshold`` leaves the second approver to amount and distance. ``signal`` says what the
    override tells the model's owner; ``group`` is the heading the desk lists it under. An override
    with ``review_days`` is looked at again on a day the officer names, at most so many days later.
    """

    code: Annotated[str, Limit(pattern=r"^[A-Z]\d{2}$")]
    label: Text
    direction: Literal["low", "high", "either"]
    evidence: EvidenceSpec
    second_approver: Literal["always", "threshold", "never"]
    note_min_chars: Annotated[int, Limit(ge=0, le=2000)]
    signal: Literal["DATA", "MISS", "CIRC", "MITI", "POL", "RISK", "STRAT", "MODEL", "PROC"]
    group: Text
    description: Text
    review_days: Annotated[int, Limit(ge=0, le=1096)] = 0


class Codebook(Strict):
    """``codebook.yaml``: languages, concepts and justification codes under one version.

    ``reviewed_by`` names who read the wording of a language that no machine here can judge.
    """

    format: Literal["1"]
    version: Text
    date: DateText
    languages: Annotated[tuple[Language, ...], Limit(min_length=1)]
    concepts: Annotated[tuple[Concept, ...], Limit(min_length=1)]
    justifications: Annotated[tuple[JustificationSpec, ...], Limit(min_length=1)]
    reviewed_by: Annotated[dict[Language, Text], Limit(default_factory=dict)]

    @model_validator(mode="after")
    def _ids_once(self) -> Self:
        """No id stands for two things."""
        for ids in ([c.id for c in self.concepts], [j.code for j in self.justifications]):
            if len(set(ids)) != len(ids):
                msg = "an id is used twice"
                raise ValueError(msg)
        return self

    def problems(self, contract: Contract) -> list[str]:
        """What keeps this codebook from wording every reason of this contract; empty is good."""
        found = _mapping_problems(self, contract)
        for concept in self.concepts:
            for side in (concept.adverse, concept.favourable):
                missing = set(self.languages) - set(side)
                found += [f"{concept.id} has no sentence in {lang}" for lang in sorted(missing)]
                for language, sentence in side.items():
                    found += _sentence_problems(concept, sentence)
                    found += _comparison_problems(concept, sentence, language, contract)
        return found


def _mapping_problems(codebook: Codebook, contract: Contract) -> list[str]:
    """Features without a concept, with two, or that the contract does not score."""
    features = {f.name for f in contract.features}
    mapped = [name for concept in codebook.concepts for name in concept.features]
    found = [f"feature {name} has no concept" for name in sorted(features - set(mapped))]
    found += [f"{name} is no scored feature" for name in sorted(set(mapped) - features)]
    twice = sorted({name for name in mapped if mapped.count(name) > 1})
    return found + [f"feature {name} has two concepts" for name in twice]


def _sentence_problems(concept: Concept, sentence: str) -> list[str]:
    """Placeholders that are not plain names of the concept's own features."""
    try:
        parts = list(string.Formatter().parse(sentence))
    except ValueError:
        return [f"{concept.id}: unbalanced braces in {sentence!r}"]
    return [
        f"{concept.id}: {{{name}}} is no feature of this concept"
        for _, name, spec, conversion in parts
        if name is not None and (name not in {*concept.features, COMPARED} or spec or conversion)
    ]


def _comparison_problems(
    concept: Concept, sentence: str, language: str, contract: Contract
) -> list[str]:
    """What keeps a sentence from being followed by a comparison with the background."""
    if not uses(sentence) or not set(concept.features) <= {f.name for f in contract.features}:
        return []
    found = []
    if len(concept.features) > 1 or contract[concept.features[0]].type not in NUMERIC:
        found.append(f"{concept.id}: {{{COMPARED}}} is of one number")
    if language != ENGLISH:
        found.append(f"{concept.id}: {{{COMPARED}}} is there in English, not in {language}")
    return found

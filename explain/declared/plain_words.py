"""Whether the sentences of a codebook can be read by the people they are about.

English is held to the Flesch-Kincaid grade (J. P. Kincaid and others, Derivation of New Readability
Formulas, Naval Technical Training Command Report 8-75, 1975), the other languages known here to LIX
(C.-H. Björnsson, Läsbarhet, 1968). Both lists of words that no reason may hold follow 12 CFR 1002,
Supplement I, comment 9(b)(2): a reason names what was considered, not that a standard, a score or a
machine was. For any other language a person must have read the wording, and the codebook names her.
"""

import re
from collections.abc import Iterator, Mapping

from ..values import Scalar
from .codebook import ENGLISH, Codebook, Concept
from .comparing import COMPARED, longest
from .contract import Contract, Field

GRADE_MAX = 8.0
"""School years a sentence in English may ask for."""

LIX_MAX = 50.0
"""Above this a text is harder than a newspaper's."""

WORDS_MAX = 20
"""Words of one sentence."""

LONG_WORD = 7
"""Letters from which LIX calls a word long."""

FORBIDDEN: Mapping[str, tuple[str, ...]] = {
    "en": (
        "internal standards?",
        "internal polic(y|ies)",
        "qualifying score",
        "credit score",
        "(the|our|a) model",
        "algorithms?",
        "artificial intelligence",
        "AI",
        "machine learning",
        "(the|a|our) computer",
        "log-?odds",
        "shap",
        "features?",
        "coefficients?",
        "percentiles?",
        "race",
        "ethnic(ity)?",
        "religions?",
        "national origin",
        "skin colou?r",
        "public assistance",
        "disabled",
    ),
    "de": (
        "interne Richtlinien?",
        "interne Standards?",
        "Punktzahl",
        "Score(wert)?",
        "(das|ein|unser) Modell",
        "Algorithm(us|en)",
        "künstliche Intelligenz",
        "KI",
        "Rasse",
        "Religion",
        "Herkunft",
        "Hautfarbe",
        "behindert",
    ),
    "fr": (
        "normes? internes?",
        "politiques? internes?",
        "score",
        "(le|un|notre) modèle",
        "algorithmes?",
        "intelligence artificielle",
        "IA",
        "race",
        "religion",
        "origine nationale",
        "couleur de peau",
    ),
    "es": (
        "normas? internas?",
        "políticas? internas?",
        "puntuación",
        "puntaje",
        "(el|un|nuestro) modelo",
        "algoritmos?",
        "inteligencia artificial",
        "IA",
        "raza",
        "religión",
        "origen nacional",
        "color de piel",
    ),
}
"""Of each language known here what no reason may say, as patterns of whole words."""

_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+(?:['\u2019-]\w+)*")
_END = re.compile(r"[.!?](?:\s+|$)")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^aeioutdy]ed|[^aeiouylsxzhcg]es|[^aeiouyl]e)$")
_PATTERNS = {
    language: re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)
    for language, words in FORBIDDEN.items()
}


def wording_problems(codebook: Codebook, contract: Contract) -> list[str]:
    """What in a codebook's sentences an applicant could not read, or must not; empty is good."""
    found: dict[str, None] = {}  # in order, each once
    for language in codebook.languages:
        if language in FORBIDDEN:
            for concept in codebook.concepts:
                found |= dict.fromkeys(_concept_problems(concept, contract, language))
        elif language not in codebook.reviewed_by:
            known = ", ".join(FORBIDDEN)
            found[
                f"{language}: only {known} are read by machine; name under reviewed_by who read it"
            ] = None
    return list(found)


def _concept_problems(concept: Concept, contract: Contract, language: str) -> Iterator[str]:
    """The faults of one concept's sentences in one language.

    Hardness is that of the words around the values, which are facts and not the author's choice;
    the length of sentences is measured with the longest values in them.
    """
    fields = [contract[name] for name in concept.features]
    most, unit = (GRADE_MAX, "grade") if language == ENGLISH else (LIX_MAX, "LIX")
    for side in (concept.adverse, concept.favourable):
        template = side[language]
        if said := _PATTERNS[language].search(template):
            yield f"{concept.id}: a reason may not say {said.group()!r}: {template!r}"
        full = template.format_map({COMPARED: longest(), **{f.name: _longest(f) for f in fields}})
        if (words := max(len(_words(part)) for part in _sentences(full))) > WORDS_MAX:
            yield f"{concept.id}: {words} words in a sentence, at most {WORDS_MAX}: {full!r}"
        plain = {COMPARED: "", **{f.name: "so" for f in fields}}
        hardness = _hardness(template.format_map(plain), language)
        if hardness > most:
            yield f"{concept.id}: hard to read ({unit} {hardness:.1f} of {most:g}): {template!r}"


def _longest(spec: Field) -> str:
    """The value of a field that takes the most words."""
    ends: tuple[Scalar, ...] = tuple(spec.levels) or (spec.minimum, spec.maximum)
    return max((spec.in_words(value) for value in ends), key=lambda text: len(_words(text)))


def _hardness(text: str, language: str) -> float:
    """How much a text asks of its reader, by the measure of its language."""
    return grade_of(text) if language == ENGLISH else lix_of(text)


def grade_of(text: str) -> float:
    """The Flesch-Kincaid grade: school years an English text asks for."""
    words = _words(text)
    syllables = sum(map(_syllables, words))
    return 0.39 * len(words) / len(_sentences(text)) + 11.8 * syllables / len(words) - 15.59


def lix_of(text: str) -> float:
    """LIX: words per sentence plus the percentage of words of seven letters or more."""
    words = _words(text)
    long = sum(len(word) >= LONG_WORD for word in words)
    return len(words) / len(_sentences(text)) + 100.0 * long / len(words)


def _sentences(text: str) -> list[str]:
    """The sentences of a text that have words in them, one at least."""
    return [part for part in _END.split(text) if _WORD.search(part)] or ["-"]


def _words(text: str) -> list[str]:
    """The words of a text, numbers included, one at least."""
    return _WORD.findall(text) or ["-"]


def _syllables(word: str) -> int:
    """Groups of vowels without a silent ending; a number counts one, as it is read at a glance."""
    plain = word.lower()
    groups = len(_VOWELS.findall(plain))
    return max(1, groups - bool(_SILENT.search(plain)))

"""The sentences of letters, by language: data files, each marked with who reviewed it.

The words are our own; the notice of ECOA section 701(a) alone is the text of 12 CFR 1002.9(b)(1),
which is public domain, and stands in English whatever the language of the letter.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "letter_templates"
ENGLISH = "en"
EQUAL_CREDIT = (
    "The Federal Equal Credit Opportunity Act prohibits creditors from discriminating against "
    "credit applicants on the basis of race, color, religion, national origin, sex, marital "
    "status, age (provided the applicant has the capacity to enter into a binding contract); "
    "because all or part of the applicant's income derives from any public assistance program; or "
    "because the applicant has in good faith exercised any right under the Consumer Credit "
    "Protection Act. The Federal agency that administers compliance with this law concerning this "
    "creditor is {agency}."
)


@dataclass(frozen=True, slots=True)
class Template:
    """The sentences of one language. ``reviewed`` says by whom and when; "" when by nobody."""

    language: str
    name: str
    version: str
    reviewed: str
    texts: Mapping[str, str]

    def say(self, key: str, **values: str) -> str:
        """One sentence or passage with its values filled in."""
        return self.texts[key].format(**values)


@cache
def template(language: str) -> Template:
    """The template of a language; ``KeyError`` where there is none."""
    if language not in languages():
        raise KeyError(language)
    found = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return Template(
        language=language,
        name=found["name"],
        version=found["version"],
        reviewed=found["reviewed"] or "",
        texts=found["texts"],
    )


@cache
def languages() -> tuple[str, ...]:
    """The languages that letters can be in, English first."""
    found = sorted(path.stem for path in FOLDER.glob("*.json"))
    return (ENGLISH, *(language for language in found if language != ENGLISH))

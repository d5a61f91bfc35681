"""What a note should rather not say: found by short lists of words, never refused.

A note is kept with the case for years and read by auditors, and parts of it may reach the
applicant. What is protected, guessed or private has no place in it (DOMAIN.md §8, "never
selectable"). The lists are data, one set for each language, and every note is held against all of
them, as people write in two. They find words and not meanings, so a hint is a question: whoever
wrote the note may leave it as it is, and what was found is kept with it, encrypted like it.

No native speaker has read the lists but the English one.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

CAPITALS_MIN = 12  # letters of words in capitals, from which on it is shouting
CAPITAL_WORD_MIN = 4


class Hint(StrEnum):
    """What a note seems to speak of."""

    PROTECTED = "protected"
    HEALTH = "health"
    FAMILY = "family"
    BELIEF = "belief"
    IMPRESSION = "impression"
    CONTACT = "contact"
    SHOUTING = "shouting"


WORDS: Mapping[str, Mapping[Hint, tuple[str, ...]]] = MappingProxyType(
    {
        "en": {
            Hint.PROTECTED: (
                *("race", "racial", "ethnic", "ethnicity", "caste", "tribe", "tribal", "accent"),
                *("skin colour", "skin color", "nationality", "foreigner", "immigrant", "gender"),
                *("woman", "female", "too old", "too young", "old lady", "old man"),
                *("food stamps", "on welfare", "on benefits"),
            ),
            Hint.HEALTH: (
                *("illness", "sick", "sickness", "disease", "disabled", "disability", "diagnosis"),
                *("pregnant", "pregnancy", "depression", "cancer", "mental health", "hospital"),
            ),
            Hint.FAMILY: (
                *("married", "unmarried", "divorce", "divorced", "widow", "widower", "husband"),
                *("wife", "single mother", "maternity", "wants children", "family planning"),
            ),
            Hint.BELIEF: (
                *("religion", "religious", "muslim", "hindu", "christian", "jewish", "sikh"),
                *("church", "mosque", "trade union", "union member", "politics"),
            ),
            Hint.IMPRESSION: (
                *("gut feeling", "good family", "known to us", "seems honest", "looks honest"),
                *("looks poor", "bad neighbourhood", "bad neighborhood", "bad area"),
            ),
        },
        "es": {
            Hint.PROTECTED: (
                *("raza", "etnia", "casta", "nacionalidad", "extranjero", "extranjera", "mujer"),
                *("inmigrante", "acento", "demasiado joven", "demasiado viejo"),
            ),
            Hint.HEALTH: (
                *("enfermedad", "enfermo", "enferma", "discapacidad", "embarazo", "embarazada"),
                *("cáncer", "depresión", "diagnóstico"),
            ),
            Hint.FAMILY: (
                *("casado", "casada", "soltero", "soltera", "divorcio", "divorciado"),
                *("divorciada", "viuda", "viudo", "marido", "esposa", "maternidad"),
            ),
            Hint.BELIEF: ("religión", "musulmán", "judío", "iglesia", "sindicato"),
            Hint.IMPRESSION: ("buena familia", "corazonada", "mal barrio"),
        },
        "hi": {
            Hint.PROTECTED: ("जाति", "महिला", "विदेशी"),
            Hint.HEALTH: ("बीमार", "बीमारी", "विकलांग", "गर्भवती"),
            Hint.FAMILY: ("विवाहित", "अविवाहित", "तलाकशुदा", "विधवा", "पति", "पत्नी"),
            Hint.BELIEF: ("धर्म", "मुसलमान", "हिंदू", "हिन्दू", "ईसाई"),
        },
        "as": {
            Hint.PROTECTED: ("জাতি", "মহিলা", "বিদেশী"),
            Hint.HEALTH: ("বেমাৰ", "গৰ্ভৱতী"),
            Hint.FAMILY: ("বিবাহিত", "অবিবাহিত", "বিধৱা"),
            Hint.BELIEF: ("ধৰ্ম", "মুছলমান", "হিন্দু"),
        },
    }
)
"""Words and phrases by language and hint, in small letters."""

_CONTACT = re.compile(
    r"[\w.+-]+@[\w-]+\.\w+"  # an address for mail
    r"|\+\d[\d ()/-]{7,}\d"  # a number with its country
    r"|(?<![\w-])0\d{2,4}[ /-]?\d{5,}(?![\w-])"  # a number with its area
)
_WORD = re.compile(r"[^\W\d_]+")


def _pattern(hint: Hint) -> re.Pattern[str]:
    """One pattern of the words of every language, whole words only."""
    words = [word for lists in WORDS.values() for word in lists.get(hint, ())]
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)")


_BY_SHAPE = frozenset({Hint.CONTACT, Hint.SHOUTING})
_PATTERNS = {hint: _pattern(hint) for hint in Hint if hint not in _BY_SHAPE}


def hints_in(note: str) -> tuple[Hint, ...]:
    """What the note seems to speak of, in the order of ``Hint``; nothing for an empty one."""
    small = " ".join(note.lower().split())
    found: set[Hint] = {hint for hint, pattern in _PATTERNS.items() if pattern.search(small)}
    if _CONTACT.search(note):
        found.add(Hint.CONTACT)
    if _shouts(note):
        found.add(Hint.SHOUTING)
    return tuple(hint for hint in Hint if hint in found)


def _shouts(note: str) -> bool:
    """Whether more than half of the letters stand in long words in capitals, or marks pile up."""
    words = _WORD.findall(note)
    loud = sum(len(word) for word in words if len(word) >= CAPITAL_WORD_MIN and word.isupper())
    letters = sum(len(word) for word in words)
    return "!!" in note or (loud >= CAPITALS_MIN and 2 * loud > letters)

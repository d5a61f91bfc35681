"""A letter put together from the sealed record of a case, and held against that record again.

Each part is a key with its text. The texts come from the template of the language, from the
recorded reasons, from the codebook and from the lender's own file; nothing is typed in. So the
same letter can be made again from the record, and one that was altered differs from it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from decision_service import wording
from decision_service.dossier import Dossier, field_words, stated
from decision_service.lender import Lender
from decision_service.letter_texts import ENGLISH, EQUAL_CREDIT, Template, template
from decision_service.waiting_words import DOCUMENT_WORDS
from explain.declared.plain_words import GRADE_MAX, LIX_MAX, WORDS_MAX, grade_of, lix_of
from overrides.letter_calls import Called, Ground, LetterKind, called_for
from overrides.letters import (
    Hold,
    Principal,
    Scored,
    Sealed,
    Source,
    Stated,
    due_at,
    principal,
    unproven,
)
from overrides.rule_packs import Block, RulePack, pack_for
from overrides.values import Recommendation
from ui.words import day_words

Part = Mapping[str, str]  # key and text; of a reason its name and whose it is as well
REASON = "reason"
BUREAU_SOURCE = "bureau:"  # what a field's source begins with when it is from a credit report
_NOT_OURS = frozenset({REASON, "item", "lender", Block.EQUAL_CREDIT.value})
SENTENCE_ENDS = str.maketrans(dict.fromkeys("।॥?!:", "."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter as the record makes it."""

    called: Called
    sealed: Sealed
    pack: RulePack
    principal: Principal
    words: Template
    due_at: datetime
    parts: tuple[Part, ...]
    holds: tuple[Hold, ...]

    @property
    def template(self) -> str:
        """Language and version of the template."""
        return f"{self.words.language} {self.words.version}"

    @property
    def content(self) -> dict[str, Any]:
        """What is kept of it, encrypted."""
        return {"language": self.words.language, "parts": [dict(part) for part in self.parts]}


def make(
    dossier: Dossier, lender: Lender, language: str, applied: Dossier | None = None
) -> Letter | None:
    """The letter that the case calls for, in a language; None when it calls for none.

    ``applied`` is the case with the decision on what was applied for, where other terms lie with
    the applicant; the reasons are those of that decision. ``KeyError`` for a language without a
    template.
    """
    jurisdiction = dossier.file.decision.jurisdiction
    called = called_for(dossier.acts, jurisdiction)
    if called is None:
        return None
    words = template(language)
    on = applied or dossier
    sealed = sealed_of(on)
    pack = pack_for(jurisdiction, called.since.date())
    found = _found(called, sealed, pack, on)
    holds = list(found.holds)
    parts = (*_opening(dossier, called, words, lender), *_reasons(on, found, words, holds))
    if called.asked:
        key = called.ground.value
        parts += (_part(key, words.say(key)), *_asked(dossier, called, words))
        holds += [] if words.language == ENGLISH else [Hold.UNTRANSLATED]
    if called.kind is LetterKind.ADVERSE_ACTION or found.reasons:
        parts += tuple(_blocks(dossier, called, pack, words, lender, holds))
    parts += (_part("closing", words.say("closing")),)
    if lender.name:
        parts += (_part("lender", lender.name),)
    if not lender.name or not lender.address:
        holds.append(Hold.LENDER)
    if not words.reviewed:
        holds.append(Hold.LANGUAGE)
    if is_hard(parts, words.language):
        holds.append(Hold.HARD)
    return Letter(
        called=called,
        sealed=sealed,
        pack=pack,
        principal=found,
        words=words,
        due_at=due_at(called, sealed, pack),
        parts=parts,
        holds=tuple(dict.fromkeys(holds)),
    )


def _found(called: Called, sealed: Sealed, pack: RulePack, on: Dossier) -> Principal:
    """The reasons; none from another decision than the one that the letter is about."""
    if called.about and called.about != on.file.decision.event_id:
        return Principal(Source.NOBODY)
    return principal(called, sealed, pack)


def sealed_of(dossier: Dossier) -> Sealed:
    """What the record of the decision that stands says of its reasons."""
    decision, explanation = dossier.file.decision, dossier.explanation
    told = explanation["reasons"]["adverse"] if explanation and decision.reliable else ()
    return Sealed(
        recommendation=decision.recommendation if not decision.failure else Recommendation.REFER,
        scored=tuple(
            Scored(reason["concept"], bool(reason.get("counter_intuitive"))) for reason in told
        ),
        knockouts=decision.knockouts,
        completed_at=decision.completed_at,
    )


def difference(parts: Sequence[Part], letter: Letter) -> str:
    """What of a letter the record does not bear out, by the key of its part; "" when all is.

    Reasons are looked up one by one where they must come from, and then every sentence is
    compared with the one that the record makes.
    """
    claimed = [
        Stated(part.get("name", ""), Source(part.get("of", Source.NOBODY)))
        for part in parts
        if part["key"] == REASON
    ]
    if name := unproven(claimed, letter.called, letter.sealed):
        return f"{REASON} {name}"
    for given, made in zip(parts, letter.parts, strict=False):
        if dict(given) != dict(made):
            return given["key"]
    return "" if len(parts) == len(letter.parts) else "its length"


def is_hard(parts: Sequence[Part], language: str) -> bool:
    """Whether our own sentences ask more of a reader than letters should.

    English by grade, Spanish by LIX, other languages by the length of sentences alone. A notice in
    the words of a law and the reasons, which the codebook's own check reads, do not count.
    """
    own = [p["text"] for p in parts if p["key"] not in _NOT_OURS]
    text = ". ".join(each.translate(SENTENCE_ENDS).rstrip("., ") for each in own)
    if language == ENGLISH:
        return grade_of(text) > GRADE_MAX
    if language == "es":
        return lix_of(text) > LIX_MAX
    return max(len(sentence.split()) for sentence in text.split(". ")) > WORDS_MAX


def _part(key: str, text: str, **more: str) -> Part:
    """One part of a letter."""
    return {"key": key, "text": text, **more}


def _opening(dossier: Dossier, called: Called, words: Template, lender: Lender) -> Iterator[Part]:
    """The lender, what the letter is about, and what became of the application."""
    row, kind = dossier.file.row, called.kind.value
    for line in (lender.name, *lender.address):
        if line:
            yield _part("lender", line)
    yield _part("title", words.say(f"title_{kind}"))
    day = day_words(row.received_at or row.opened_at)
    yield _part("about", words.say("about", application=dossier.application_id, day=day))
    yield _part("greeting", words.say("greeting"))
    as_applied = called.kind is not LetterKind.COUNTEROFFER
    if as_applied and row.amount.currency != wording.NO_CURRENCY:
        yield _part("amount", words.say("amount", amount=wording.money(row.amount)))
    until = day_words(called.until) if called.until else words.say("soon")
    yield _part("action", words.say(f"action_{kind}", days=str(called.days), until=until))
    if called.ground is Ground.NOT_ACCEPTED:
        yield _part("offer_over", words.say("offer_over"))


def _reasons(
    dossier: Dossier, found: Principal, words: Template, holds: list[Hold]
) -> Iterator[Part]:
    """The principal reasons, each in the words of the record or of the codebook."""
    if not found.reasons:
        return
    yield _part("reasons", words.say("reasons"))
    for each in found.reasons:
        text, language = _reason(dossier, each, words.language)
        if language != words.language:
            holds.append(Hold.UNTRANSLATED)
        if each.name in dossier.apart:
            text = _of_other(dossier, words, text)
        yield _part(REASON, text, name=each.name, of=each.of.value, language=language)


def _asked(dossier: Dossier, called: Called, words: Template) -> Iterator[Part]:
    """What the applicant was asked for or is offered, by the contract's own labels.

    Of what is about another party no value is told.
    """
    fields = dossier.loaded.bundle.contract.fields if dossier.loaded else ()
    labels = DOCUMENT_WORDS | {field.name: field.label for field in fields}
    terms = dict(stated(dossier)) if called.kind is LetterKind.COUNTEROFFER else {}
    for name in called.asked:
        label = labels.get(name, name)
        told = f"{label}: {terms[label]}" if label in terms else label
        if name in dossier.fields_apart:
            told = _of_other(dossier, words, label)
        yield _part("item", told, language=ENGLISH)


def _reason(dossier: Dossier, given: Stated, language: str) -> tuple[str, str]:
    """One reason, and the language it stands in.

    Of a reason that a person named, and of one about another party, only what it is about is said:
    the first because the person's grounds are not the model's sentence, the second because the
    other's values are nobody else's business.
    """
    if given.of is Source.RULE:
        loaded = dossier.loaded
        return (loaded.policy.rule_text(given.name) if loaded else given.name), ENGLISH
    if given.of is Source.PERSON or given.name in dossier.apart:
        return dossier.concept_title(given.name), ENGLISH
    if language != ENGLISH and (translated := _translated(dossier, given.name, language)):
        return translated, language
    told = dossier.explanation["reasons"]["adverse"] if dossier.explanation else ()
    return next(str(r["text"]) for r in told if r["concept"] == given.name), ENGLISH


def _translated(dossier: Dossier, concept_id: str, language: str) -> str:
    """The codebook's sentence in a language with the applicant's values; "" without one."""
    if dossier.loaded is None or dossier.inputs is None:
        return ""
    bundle, fields = dossier.loaded.bundle, dossier.inputs["fields"]
    concept = next((each for each in bundle.concepts if each.id == concept_id), None)
    if concept is None or language not in concept.adverse:
        return ""
    values = {n: field_words(bundle.contract[n], fields.get(n)) for n in concept.features}
    return concept.adverse[language].format_map(values)


def _of_other(dossier: Dossier, words: Template, text: str) -> str:
    """A text with the role of the other party whose record it is from."""
    role = words.texts.get(f"role_{_other_role(dossier)}", words.texts["role_other"])
    return words.say("of_other", role=role, reason=text)


def _other_role(dossier: Dossier) -> str:
    """The role of the one other party, "other" where there are several."""
    others = {role.replace("-", "_") for _, role in dossier.file.decision.parties[1:]}
    return others.pop() if len(others) == 1 else "other"


def _blocks(
    dossier: Dossier,
    called: Called,
    pack: RulePack,
    words: Template,
    lender: Lender,
    holds: list[Hold],
) -> Iterator[Part]:
    """The passages that the rules of the place want; one whose facts are missing holds it."""
    known = {"contact": lender.contact, "advice": lender.advice, "agency": lender.agency}
    for block in pack.blocks:
        if block is Block.AUTOMATED and called.ground is Ground.UNANSWERED:
            continue  # somebody asked, and time alone closed the case: neither sentence is true
        if block is Block.BUREAU:
            yield from _bureaus(dossier, words, lender, holds)
            continue
        if block is Block.EQUAL_CREDIT:
            text = EQUAL_CREDIT
        else:
            person = block is Block.AUTOMATED and called.by_person
            text = words.texts["not_automated" if person else block.value]
        if any(f"{{{name}}}" in text and not value for name, value in known.items()):
            holds.append(Hold.LENDER)
            continue
        language = ENGLISH if block is Block.EQUAL_CREDIT else words.language
        yield _part(block.value, text.format(**known), language=language)


def _bureaus(
    dossier: Dossier, words: Template, lender: Lender, holds: list[Hold]
) -> Iterator[Part]:
    """A passage of its own, apart from the reasons, for each bureau whose report was used.

    Reports on another party are left out: whose report was used is for that party to know.
    """
    meta = (dossier.inputs or {}).get("fields_meta", {})
    own = {name: told for name, told in meta.items() if name not in dossier.fields_apart}
    sources = [str((told or {}).get("source") or "") for told in own.values()]
    names = [s.removeprefix(BUREAU_SOURCE).strip() for s in sources if s.startswith(BUREAU_SOURCE)]
    for name in dict.fromkeys(names):
        address = lender.bureaus.get(name, "")
        if not address:
            holds.append(Hold.LENDER)
            continue
        text = words.say("bureau", bureau=name, address=address)
        yield _part(Block.BUREAU.value, text, language=words.language)

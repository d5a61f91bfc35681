"""A template uses exactly the fields its page is given, and each field says what it is."""

from dataclasses import fields
from inspect import getmembers, isclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from jinja2 import meta

from ui import (
    appeal_contexts,
    blind_contexts,
    contexts,
    erasure_contexts,
    finding_contexts,
    governance_contexts,
    line_contexts,
    memory_contexts,
    practice_contexts,
    question_contexts,
    review_contexts,
    training_contexts,
    verdict_contexts,
    waiting_contexts,
)
from ui.render import ENV

PAGES: list[Any] = [
    page
    for module in (
        appeal_contexts,
        blind_contexts,
        contexts,
        erasure_contexts,
        finding_contexts,
        governance_contexts,
        line_contexts,
        memory_contexts,
        verdict_contexts,
        question_contexts,
        review_contexts,
        practice_contexts,
        training_contexts,
        waiting_contexts,
    )
    for _, page in getmembers(module, isclass)
    if page.__module__ == module.__name__ and "template" in vars(page)
]


def _used(template: str, seen: set[str]) -> set[str]:
    """Every name a template and those it is made of take from the page."""
    assert ENV.loader is not None
    seen.add(template)
    tree = ENV.parse(ENV.loader.get_source(ENV, template)[0])
    names = set(meta.find_undeclared_variables(tree))
    for other in meta.find_referenced_templates(tree):
        if other and other not in seen and other != "parts.html":
            names |= _used(other, seen)
    return names


def _given(page: Any) -> set[str]:
    return {field.name for field in fields(page)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_a_template_uses_what_it_is_given_and_nothing_else(page: Any) -> None:
    assert _used(page.template, set()) - set(ENV.globals) == _given(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.__name__)
def test_each_field_is_documented_in_a_sentence(page: Any) -> None:
    hints = get_type_hints(page, include_extras=True)
    for name in _given(page):
        (sentence,) = hints[name].__metadata__
        assert sentence[0].isupper()
        assert sentence.endswith(".")


def test_small_pieces_take_nothing_from_the_page() -> None:
    assert ENV.loader is not None
    tree = ENV.parse(ENV.loader.get_source(ENV, "parts.html")[0])
    assert meta.find_undeclared_variables(tree) == set()


def test_every_template_belongs_to_a_page() -> None:
    used: set[str] = {"parts.html"}
    for page in PAGES:
        _used(page.template, used)
    folder = Path(contexts.__file__).parent / "templates"
    assert {path.name for path in folder.iterdir()} == used

"""A page read back: its elements, and what is wrong with it as a document."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
DRAWN = frozenset({"circle", "line", "path", "rect"})  # closed by themselves inside a picture


@dataclass
class Element:
    """One element: its name, attributes, and all text inside it."""

    name: str
    attributes: dict[str, str]
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text with its blanks put together."""
        return " ".join(" ".join(self.words).split())

    def __getitem__(self, attribute: str) -> str:
        """An attribute that must be there."""
        return self.attributes[attribute]

    def get(self, attribute: str) -> str:
        """An attribute, or nothing."""
        return self.attributes.get(attribute, "")


class Page(HTMLParser):
    """All elements of a page in order. Wrong nesting is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open[-1].name}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in {tag}: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that holds nothing."""
        assert tag in VOID | DRAWN, tag
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, which must be this one."""
        assert self._open, f"closed but not open: {tag}"
        assert self._open[-1].name == tag, f"{tag} closed inside {self._open[-1].name}"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """Give the text to every element around it."""
        for element in self._open:
            element.words.append(data)

    def all(self, name: str, /, **wanted: str) -> list[Element]:
        """Elements of this name with these attributes."""
        return [
            element
            for element in self.elements
            if element.name == name
            and all(
                element.get(key.strip("_").replace("_", "-")) == value
                for key, value in wanted.items()
            )
        ]

    def one(self, name: str, /, **wanted: str) -> Element:
        """The only one."""
        found = self.all(name, **wanted)
        assert len(found) == 1, f"{len(found)} of {name} {wanted}"
        return found[0]

    def value(self, name: str) -> str:
        """The value of the inputs of this name, which all have the same."""
        (value,) = {field.get("value") for field in self.all("input", name=name)}
        return value


def faults(page: Page) -> list[str]:
    """What no page may have: inline code, double ids, inputs without a name, links to nowhere."""
    found = []
    ids = [element["id"] for element in page.elements if "id" in element.attributes]
    found += [f"id {name} is there twice" for name in {*ids} if ids.count(name) > 1]
    labelled = {label.get("for") for label in page.all("label")}
    inside = {
        id(e) for e in page.elements if e.name == "input" and e.get("type") in {"radio", "checkbox"}
    }
    for element in page.elements:
        found += [
            f"{element.name} has {name}"
            for name in element.attributes
            if name == "style" or name.startswith("on")
        ]
        if element.name == "script" and element.text:
            found.append("a script inside the page")
        if element.name == "style":
            found.append("a style inside the page")
        kind = element.get("type")
        field_ = element.name in {"input", "select", "textarea"} and kind != "hidden"
        if field_ and id(element) not in inside and element.get("id") not in labelled:
            found.append(f"{element.name} {element.get('name')} has no label")
        for reference in ("aria-labelledby", "aria-describedby", "for"):
            found += [
                f"{reference} points to no {name}"
                for name in element.get(reference).split()
                if name not in ids
            ]
        if (
            element.name == "a"
            and element.get("href").startswith("#")
            and element["href"][1:] not in ids
        ):
            found.append(f"a link to {element['href']}")
    return found

"""YAML read as plain text: mappings, lists and strings, nothing guessed.

YAML 1.1 turns NO into false, 2026.10 into 2026.1 and 12:30 into 750. Here every scalar stays the
text it was, and a typed schema reads it afterwards. Aliases (which can blow a small file up into a
huge one), doubled keys and deep nesting are refused.
"""

from typing import Any

DEPTH_MAX = 12

Plain = str | list[Any] | dict[str, Any]


class PlainYamlError(ValueError):
    """The text is not the plain part of YAML; the message says why and where."""


def read(text: str) -> Plain:
    """Read one document; raises PlainYamlError for anything beyond plain mappings and lists."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=loader):
            _feed(builder, event)
    except yaml.YAMLError as broken:
        raise PlainYamlError(" ".join(str(broken).split())) from None
    if builder.root is None:
        msg = "the document is empty"
        raise PlainYamlError(msg)
    return builder.root


class _Builder:
    """Collects values into the innermost open list or mapping."""

    def __init__(self) -> None:
        self.root: Plain | None = None
        self._open: list[list[Any] | dict[str, Any]] = []
        self._keys: list[str | None] = []

    def put(self, value: Plain, line: int) -> None:
        """Place a value: as the root, in the open list, or as key or value of the open mapping."""
        if not self._open:
            if self.root is not None:
                msg = f"line {line}: a second document"
                raise PlainYamlError(msg)
            self.root = value
        elif isinstance(target := self._open[-1], list):
            target.append(value)
        elif (key := self._keys[-1]) is not None:
            target[key] = value
            self._keys[-1] = None
        elif not isinstance(value, str) or value in target:
            msg = f"line {line}: a key that is doubled or no text"
            raise PlainYamlError(msg)
        else:
            self._keys[-1] = value

    def enter(self, container: list[Any] | dict[str, Any], line: int) -> None:
        """Open a container inside the one that is open."""
        if len(self._open) == DEPTH_MAX:
            msg = f"line {line}: nested more than {DEPTH_MAX} deep"
            raise PlainYamlError(msg)
        self.put(container, line)
        self._open.append(container)
        self._keys.append(None)

    def leave(self) -> None:
        """Close the innermost container."""
        self._open.pop()
        self._keys.pop()


def _feed(builder: _Builder, event: Any) -> None:
    """Turn one parser event into one step of the builder."""
    import yaml

    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent):
        msg = f"line {line}: aliases are not allowed"
        raise PlainYamlError(msg)
    if isinstance(event, yaml.ScalarEvent):
        builder.put(event.value, line)
    elif isinstance(event, yaml.MappingStartEvent):
        builder.enter({}, line)
    elif isinstance(event, yaml.SequenceStartEvent):
        builder.enter([], line)
    elif isinstance(event, yaml.CollectionEndEvent):
        builder.leave()

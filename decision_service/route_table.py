"""Which row of the table of routes an address belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.routing import compile_path


@dataclass(frozen=True, slots=True)
class Found:
    """The route of an address; ``methods`` are those its rows allow."""

    template: str
    methods: frozenset[str]


class RouteTable:
    """Finds the template of a path: whole addresses first, then patterns by their length."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        methods: dict[str, set[str]] = {}
        for method, template in rows:
            methods.setdefault(template, set()).add(method)
            if method == "GET":
                methods[template].add("HEAD")
        self._plain: dict[str, Found] = {}
        self._patterns = []
        for template in sorted(methods, key=lambda template: (-len(template), template)):
            found = Found(template, frozenset(methods[template]))
            if "{" in template:
                self._patterns.append((compile_path(template)[0], found))
            else:
                self._plain[template] = found

    def find(self, path: str) -> Found | None:
        """The route of this path, or nothing when the table has none."""
        plain = self._plain.get(path)
        if plain is not None:
            return plain
        return next((found for regex, found in self._patterns if regex.match(path)), None)

"""QR codes: short texts as pictures that a telephone reads, on a page or in plain letters."""

from markupsafe import Markup

QUIET = 4  # empty squares around a code, without which some readers do not find it
WIDTH = 208  # pixels: five and a half centimetres on paper


def squares(text: str) -> list[list[bool]]:
    """The squares of a code, row by row with its quiet zone; true is dark."""
    import segno

    code = segno.make_qr(text, error="m")
    return [[bool(square) for square in row] for row in code.matrix_iter(border=QUIET)]


def picture(text: str, about: str) -> Markup:
    """A code as SVG: black on white in the dark too, because that is what readers expect."""
    rows = squares(text)
    runs = "".join(
        f"M{start},{y}h{stop - start}v1H{start}z"
        for y, row in enumerate(rows)
        for start, stop in _runs(row)
    )
    return Markup(
        '<svg role="img" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}"'
        ' shape-rendering="crispEdges"><path fill="#fff" d="M0,0h{}v{}H0z"/>'
        '<path d="{}"/></svg>'
    ).format(about, WIDTH, WIDTH, len(rows), len(rows), len(rows), len(rows), runs)


def letters(text: str) -> str:
    """A code in half blocks, two rows to a line, for a printer that knows letters only."""
    rows = squares(text)
    pairs = zip(rows[::2], [*rows[1::2], *([[False] * len(rows)] * (len(rows) % 2))], strict=True)
    lines = ("".join(_HALVES[pair] for pair in zip(*two, strict=True)) for two in pairs)
    return "\n".join(line.rstrip() for line in lines)


_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Where dark squares begin and end in a row."""
    edges = [x for x in range(len(row)) if row[x] != (x > 0 and row[x - 1])]
    return list(zip(edges[::2], edges[1::2], strict=True))  # the quiet zone ends every run

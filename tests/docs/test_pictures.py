"""Every page that the browser tests visit is pictured, wide and narrow, and listed."""

from docs.pictures.gallery import FOLDER, LIST, WIDTHS, shots


def test_every_page_is_pictured_and_nothing_else() -> None:
    wanted = {shot.file(width).name for shot in shots() for width in WIDTHS}
    assert {path.name for path in FOLDER.glob("*.webp")} == wanted, "take them: make pictures"
    listed = LIST.read_text(encoding="utf-8")
    assert [name for name in sorted(wanted) if f"({name})" not in listed] == []

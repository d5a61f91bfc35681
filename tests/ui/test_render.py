"""Static files may be kept by the browser when their address names their content."""

from tests.ui.conftest import Visit
from tests.ui.reading import Page
from ui.render import ENV, PACKED, STATIC


def test_a_file_named_by_its_content_may_be_kept_for_good(visit: Visit) -> None:
    client = visit("")
    page = Page(client.get("/").text)
    address = page.one("link", rel="stylesheet")["href"]
    kept = client.get(address)
    assert kept.status_code == 200
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.headers["content-type"].startswith("text/css")
    assert client.get(address.split("?")[0]).headers["cache-control"] == "no-cache"


def test_scripts_and_pictures_have_their_kinds(visit: Visit) -> None:
    client = visit("")
    assert "javascript" in client.get("/static/app.js").headers["content-type"]
    assert client.get("/static/mark.svg").headers["content-type"] == "image/svg+xml"
    assert client.get("/static/nothing.css").status_code == 404
    assert client.get("/static/../render.py").status_code == 404


def test_what_people_typed_cannot_become_markup() -> None:
    assert ENV.autoescape is True
    for name in ENV.list_templates():
        assert ENV.loader is not None
        source = ENV.loader.get_source(ENV, name)[0]
        assert "|safe" not in source.replace(" ", "")
        assert "autoescapefalse" not in source.replace(" ", "")


def test_a_packed_file_is_the_same_file(visit: Visit) -> None:
    client = visit("")
    for name in PACKED:
        packed = client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"})
        plain = client.get(f"/static/{name}", headers={"Accept-Encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert packed.content == plain.content == (STATIC / name).read_bytes()
        assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
        assert packed.headers["content-type"] == plain.headers["content-type"]
        assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 2


def test_a_page_is_never_packed(visit: Visit) -> None:
    answer = visit("asha").get("/desk", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers

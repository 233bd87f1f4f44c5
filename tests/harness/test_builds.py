"""The builds between two ends are those of the user's indexes that this interpreter can install, in order."""

import base64
import json
import threading
from html import escape
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from harness.regression.builds import between, bound
from harness.regression.requirements import NotBuilt

FILES = {  # name -> attributes of PEP 691
    "toy-1.0-py3-none-any.whl": {"upload-time": "2026-01-01T00:00:00Z"},
    "toy-1.1-py3-none-any.whl": {"upload-time": "2026-02-01T00:00:00Z", "yanked": "it is broken"},
    "toy-1.2.tar.gz": {"upload-time": "2026-03-01T00:00:00Z"},
    "toy-1.3-cp27-cp27m-win32.whl": {"upload-time": "2026-03-02T00:00:00Z"},
    "toy-1.4-py3-none-any.whl": {"upload-time": "2026-03-03T00:00:00Z", "requires-python": "<3"},
    "toy-1.10-py3-none-any.whl": {"upload-time": "2026-04-01T00:00:00Z"},
    "toy-2.0rc1-py3-none-any.whl": {"upload-time": "2026-05-01T00:00:00Z"},
    "toy-2.0-py3-none-any.whl": {"upload-time": "2026-06-01T00:00:00Z"},
    "toy.unreadable": {},
}


class Index(BaseHTTPRequestHandler):
    """An index with one package, in JSON, for a user with a password."""

    def do_GET(self):
        allowed = self.headers["Authorization"] == f"Basic {base64.b64encode(b'me:pass word').decode()}"
        self.send_response(401 if not allowed else 200 if self.path == "/simple/toy/" else 404)
        self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
        self.end_headers()
        self.wfile.write(json.dumps({"files": [{"filename": name, **each} for name, each in FILES.items()]}).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def json_index(wheels, monkeypatch):
    """The port of an index that answers in JSON, which is the only one."""
    with HTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://me:pass%20word@127.0.0.1:{server.server_port}/simple/")
        yield server.server_port
        server.shutdown()


@pytest.fixture
def html_index(wheels, tmp_path, monkeypatch):
    """A folder that is an index in HTML, which has no upload times."""
    folder = tmp_path / "simple" / "toy"
    folder.mkdir(parents=True)
    page = ""
    for name, each in FILES.items():
        requires = f'data-requires-python="{escape(each["requires-python"])}"' if "requires-python" in each else ""
        page += f'<a href="../files/{name}#sha256=0" {requires} {"data-yanked" if "yanked" in each else ""}>{name}</a>'
    (folder / "index.html").write_text(page, encoding="utf-8")
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"file://{tmp_path}/simple")


def versions(*arguments, **options):
    first, last = map(bound, arguments)
    found = between("Toy", first, last, **options)
    return [build.version for build in found.builds], found.left_out


@pytest.mark.parametrize("kind", ["json_index", "html_index"])
def test_yanked_and_unusable_versions_are_left_out_and_counted(request, kind):
    request.getfixturevalue(kind)
    counts = {"yanked": 1, "without a wheel for this interpreter": 3, "pre-release": 1}
    assert versions("1", "2.0") == (["1.0", "1.10", "2.0"], counts)


def test_pre_releases_count_on_request_and_if_an_end_is_one(json_index):
    for ends in (("1.10", "2.0"), ("2026-04-01", "2026-06-01")):
        assert versions(*ends, pre=True)[0] == ["1.10", "2.0rc1", "2.0"]
    assert versions("1.10", "2.0rc1")[0] == ["1.10", "2.0rc1"]


def test_dates_include_both_days(json_index):
    assert versions("2026-01-01", "2026-04-01")[0] == ["1.0", "1.10"]
    assert versions("2026-01-02", "2.0")[0] == ["1.10", "2.0"]


def test_nightlies_count_where_there_is_nothing_else(json_index, monkeypatch):
    files = {f"toy-3.0.dev{day}-py3-none-any.whl": {"upload-time": f"2026-07-{day:02}"} for day in (1, 2, 10)}
    monkeypatch.setitem(globals(), "FILES", files)
    assert versions("2026-07-01", "2026-07-10")[0] == ["3.0.dev1", "3.0.dev2", "3.0.dev10"]


@pytest.mark.parametrize(
    ("ends", "named"),
    [
        (("1.1", "2.0"), "yanked"),
        (("1.2", "2.0"), "without a wheel"),
        (("2.0", "1.0"), "2.0"),
        (("1.0", "3.0"), "3.0"),
        (("2026-07-01", "2026-08-01"), "found 0"),
        (("2026-13-01", "2.0"), "2026-13-01"),
    ],
)
def test_end_that_is_no_build_is_refused(json_index, ends, named):
    with pytest.raises(ValueError, match=named) as refused:
        versions(*ends)
    assert "\n" not in str(refused.value)


def test_dates_need_upload_times(html_index):
    with pytest.raises(NotBuilt, match="upload times"):
        versions("2026-01-01", "2.0")


@pytest.mark.parametrize("variable", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_index_that_cannot_be_read_is_named_without_its_password(json_index, monkeypatch, variable):
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    monkeypatch.setenv(variable, f"http://me:secret@127.0.0.1:{json_index}/simple")
    with pytest.raises(NotBuilt, match="401") as refused:
        versions("1.0", "2.0")
    assert "secret" not in str(refused.value)

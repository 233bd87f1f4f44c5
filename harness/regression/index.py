"""Files of a package on the user's indexes: in JSON (PEP 691), in HTML (PEP 503), or in folders of wheels."""

import base64
import json
import os
import re
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from uv import find_uv_bin

from harness.regression import pip
from harness.regression.installed import canonical
from harness.regression.requirements import NotBuilt

ACCEPTED = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"
SECONDS = 60  # without a byte, after which an index counts as unreachable

File = dict[str, Any]


def files(package: str) -> Iterator[File]:
    """Yield each file with the keys of PEP 691: `filename`; `yanked`, `requires-python`, `upload-time` where known.

    A folder of wheels yields files of other packages, too. Raises `NotBuilt` if an index cannot be read.
    """
    variables, options = pip.for_uv()
    variables |= os.environ  # uv's variables have precedence over the settings of pip
    for place in filter(None, variables.get("UV_FIND_LINKS", "").split(",")):
        yield from _files(place, variables)
    if "--no-index" not in options:
        more = (variables.get(name, "") for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL"))
        urls = [re.sub(r"^\w+=", "", url) for url in " ".join(more).split()]  # an index of uv may have a name
        default = variables.get("UV_DEFAULT_INDEX") or variables.get("UV_INDEX_URL") or _default_index()
        for url in [default, *urls]:
            yield from _files(f"{url.rstrip('/')}/{canonical(package)}/", variables)


def _default_index() -> str:
    """Return the index that uv uses if none is configured: its help names it."""
    text = subprocess.run([find_uv_bin(), "pip", "install", "--help"], capture_output=True, text=True, check=True)
    return re.search(r"default package index.*?<(\S+)>", text.stdout, re.DOTALL)[1]


def _files(place: str, variables: dict[str, str]) -> list[File]:
    """Return the files of a folder or of a page; none if there is no such place."""
    if re.match("https?:", place):
        return _read(place, variables)
    folder = Path(unquote(urlsplit(place).path) if place.startswith("file:") else place).expanduser()
    page = folder / "index.html"
    if page.exists():
        return _links(page.read_text(encoding="utf-8"))
    return [{"filename": path.name} for path in sorted(folder.glob("*"))]


def _read(url: str, variables: dict[str, str]) -> list[File]:
    """Return the files of a page of an index, with the user's certificate, proxy, and the password of the address."""
    parts = urlsplit(url)
    request = urllib.request.Request(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())
    request.add_header("Accept", ACCEPTED)
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(secret.encode()).decode()}")
    context = ssl.create_default_context(cafile=variables.get("SSL_CERT_FILE"))
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=context)]
    if proxy := variables.get("ALL_PROXY"):
        handlers.append(urllib.request.ProxyHandler(dict.fromkeys(("http", "https"), proxy)))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=SECONDS) as response:
            content = response.read().decode()
            is_json = response.headers.get_content_type().endswith("json")
            return json.loads(content)["files"] if is_json else _links(content)
    except urllib.error.HTTPError as error:
        if error.code == 404:  # this index does not have the package
            return []
        raise NotBuilt(f"{request.full_url} answers {error.code} {error.reason}") from None
    except (HTTPException, OSError, ValueError, KeyError) as error:
        raise NotBuilt(f"{request.full_url} cannot be read: {error}") from None


class _Links(HTMLParser):
    """Collects the links of a page, by the attributes of PEP 503 and PEP 592."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[File] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect a link; the name of its file is the end of its address."""
        attributes = dict(attrs)
        if tag == "a" and attributes.get("href"):
            name = unquote(urlsplit(attributes["href"]).path).rpartition("/")[2]
            requires = attributes.get("data-requires-python")
            self.files.append({"filename": name, "yanked": "data-yanked" in attributes, "requires-python": requires})


def _links(page: str) -> list[File]:
    parser = _Links()
    parser.feed(page)
    return parser.files

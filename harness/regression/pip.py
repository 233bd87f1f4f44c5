"""The user's package indexes, from the configuration of pip and of uv, as variables and options of uv.

uv itself runs without configuration: a setting such as `target` would build another environment than the required one.
"""

import ast
import contextlib
import functools
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VARIABLES = {
    "cert": "SSL_CERT_FILE",
    "extra-index-url": "UV_EXTRA_INDEX_URL",
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
    "proxy": "ALL_PROXY",
    "trusted-host": "UV_INSECURE_HOST",
}
OF_UV = {
    "allow-insecure-host": "UV_INSECURE_HOST",
    "extra-index-url": "UV_EXTRA_INDEX_URL",
    "find-links": "UV_FIND_LINKS",
    "index-strategy": "UV_INDEX_STRATEGY",
    "index-url": "UV_DEFAULT_INDEX",
    "keyring-provider": "UV_KEYRING_PROVIDER",
}
IGNORED = {  # variables of uv that choose a configuration, another environment, or other versions
    *("UV_CONFIG_FILE", "UV_PROJECT", "UV_WORKING_DIR", "UV_SYSTEM_PYTHON", "UV_PYTHON"),
    *("UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE", "UV_RESOLUTION", "UV_REQUIRE_HASHES"),
    *("UV_BUILD_CONSTRAINT", "UV_FORK_STRATEGY", "UV_NO_BINARY", "UV_PRERELEASE"),
}
UNREAD = "pip is not installed here, so its settings, such as indexes, are not read"
FALSE = {"", "0", "f", "false", "n", "no", "off"}


def for_uv() -> tuple[dict[str, str], list[str]]:
    """Return environment variables and options for uv. Without pip, they are those of uv's configuration alone."""
    settings = settings_of_pip(tuple(os.environ.items()))
    variables, without_index = _of_uv()
    variables |= {
        variable: ("," if option == "find-links" else " ").join(settings[option])
        for option, variable in VARIABLES.items()
        if option in settings
    }
    if "extra-index-url" in settings:
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip takes the best version of all its indexes
    without_index |= settings.get("no-index", [""])[0].lower() not in FALSE
    return variables, ["--no-config", *(["--no-index"] if without_index else [])]


@functools.cache  # pip takes a third of a second, and uv runs three times for an environment
def settings_of_pip(environment: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    """Return option -> words, of pip's configuration under these environment variables."""
    command = [sys.executable, "-P", "-m", "pip", "config", "list"]  # -P: not from the current directory
    done = subprocess.run(
        command, env=dict(environment), capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    lines = re.findall(r"^(global|install|:env:)\.([\w-]+)=(.+)$", done.stdout, re.MULTILINE)
    lines.sort(key=lambda line: line[0] == ":env:")  # the last one of an option has precedence
    return {option: words for _, option, value in lines if (words := ast.literal_eval(value).split())}


def _of_uv() -> tuple[dict[str, str], bool]:
    """Return the variables of uv's configuration, and whether it forbids indexes. Settings of the project come last."""
    found: dict[str, Any] = {}
    for settings in _configurations():
        found |= settings | settings.get("pip", {})
    variables = {
        variable: ("," if name == "find-links" else " ").join([value] if isinstance(value, str) else map(str, value))
        for name, variable in OF_UV.items()
        if (value := found.get(name))
    }
    for index in found.get("index", ()):
        if index.get("default"):
            variables["UV_DEFAULT_INDEX"] = index["url"]
        elif not index.get("explicit"):
            named = "=".join(filter(None, [index.get("name"), index["url"]]))
            variables["UV_INDEX"] = f"{variables.get('UV_INDEX', '')} {named}".strip()
    return variables, bool(found.get("no-index"))


def _configurations() -> Iterator[dict[str, Any]]:
    """Yield the content of each file that uv would read, of the highest precedence last."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path(os.environ.get("HOME", "/"), ".config")
    here = Path.cwd()
    folders = [folder for folder in (here, *here.parents) if _content(folder / "uv.toml") or _tool(folder)]
    if "UV_CONFIG_FILE" in os.environ:
        yield _content(Path(os.environ["UV_CONFIG_FILE"]))
    elif "UV_NO_CONFIG" not in os.environ:
        yield from (_content(Path("/etc/uv/uv.toml")), _content(Path(home, "uv", "uv.toml")))
        yield from (_content(folder / "uv.toml") or _tool(folder) for folder in folders[:1])


def _tool(folder: Path) -> dict[str, Any]:
    """Return uv's settings in a pyproject.toml. One that is damaged holds none."""
    with contextlib.suppress(ValueError):
        return _content(folder / "pyproject.toml").get("tool", {}).get("uv", {})
    return {}


def _content(file: Path) -> dict[str, Any]:
    """Return the content of a file, nothing if there is none. Raises `ValueError` if it is damaged."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError:
        return {}
    except ValueError as error:
        raise ValueError(f"{file} is no TOML: {error}") from None

"""What the user told pip of indexes, files and the network, for uv, which reads none of pip's settings."""

import ast
import functools
import re
import subprocess
import sys
from typing import NamedTuple

VARIABLES = {
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "extra-index-url": ("UV_EXTRA_INDEX_URL",),
    "find-links": ("UV_FIND_LINKS",),
    "index-url": ("UV_DEFAULT_INDEX",),
    "proxy": ("HTTP_PROXY", "HTTPS_PROXY"),
    "retries": ("UV_HTTP_RETRIES",),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "trusted-host": ("UV_INSECURE_HOST",),
}
FLAGS = {"no-index": ["--no-index"], "pre": ["--prerelease", "allow"]}
FORMATS = ("no-binary", "only-binary")
SECTIONS = ("global", "install", ":env:")  # the later one counts
NO = {"", "0", "f", "false", "n", "no", "off"}


class Told(NamedTuple):
    """For uv: environment variables, and options of `uv pip compile` and `uv pip install`."""

    variables: dict[str, str]
    options: list[str]


@functools.cache
def told() -> Told:
    """What pip would do here by its files and variables. A `constraint` is left out: a comparison names versions."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    return translated(settings(listed.stdout))


def settings(listed: str) -> dict[str, str]:
    """Option -> value, from what `pip config list` says."""
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for section, option, value in re.findall(r"^(.+)\.([\w-]+)=(.*)$", listed, re.MULTILINE):
        if section in found:
            found[section][option.removeprefix("default-")] = ast.literal_eval(value).strip()
    return {option: value for section in SECTIONS for option, value in found[section].items() if value}


def translated(options: dict[str, str]) -> Told:
    """The same for uv."""
    variables = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # as pip chooses among several indexes
    for option, names in VARIABLES.items():
        if option in options:
            words = options[option].split()
            value = (",".join if option == "find-links" else " ".join)(words)
            variables |= dict.fromkeys(names, str(round(float(value))) if option == "timeout" else value)
    switched = [words for option, words in FLAGS.items() if options.get(option, "").lower() not in NO]
    formats = [
        f"--{option}={name}" for option in FORMATS for name in re.split(r"[,\s]+", options.get(option, "")) if name
    ]
    return Told(variables, [*(word for words in switched for word in words), *formats])

"""pip's package indexes as settings of uv, which does not read pip's configuration."""

import ast
import re
import subprocess
import sys

VARIABLES = {
    "cert": "SSL_CERT_FILE",
    "extra-index-url": "UV_EXTRA_INDEX_URL",
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
    "proxy": "ALL_PROXY",
    "trusted-host": "UV_INSECURE_HOST",
}
FALSE = {"", "0", "f", "false", "n", "no", "off"}


def for_uv() -> tuple[dict[str, str], list[str]]:
    """Return environment variables and options for uv. Both are empty if pip has no settings, or there is no pip."""
    command = [sys.executable, "-P", "-m", "pip", "config", "list"]  # -P: not from the current directory
    listed = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False).stdout
    lines = re.findall(r"^(global|install|:env:)\.([\w-]+)=(.+)$", listed, re.MULTILINE)
    lines.sort(key=lambda line: line[0] == ":env:")  # the last one of an option has precedence
    settings = {option: words for _, option, value in lines if (words := ast.literal_eval(value).split())}
    variables = {
        variable: ("," if option == "find-links" else " ").join(settings[option])
        for option, variable in VARIABLES.items()
        if option in settings
    }
    if "extra-index-url" in settings:
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip takes the best version of all its indexes
    without_index = settings.get("no-index", [""])[0].lower() not in FALSE
    return variables, ["--no-index"] if without_index else []

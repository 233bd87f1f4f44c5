"""uv finds packages where pip does: pip's indexes are settings of uv."""

import os

from harness.regression import pip


def test_options_of_pip_become_variables_of_uv(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://global.example/a.b=c\nno-index = true\ntrusted-host = a.example\n  b.example\n"
        "[install]\nindex-url = https://install.example\nextra-index-url = https://extra.example\n"
    )
    for name, value in {"CONFIG_FILE": f"{tmp_path / 'pip.conf'}", "FIND_LINKS": "/a /b", "NO_INDEX": "0"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    variables, options = pip.for_uv()
    expected = {
        "UV_DEFAULT_INDEX": "https://install.example",
        "UV_EXTRA_INDEX_URL": "https://extra.example",
        "UV_FIND_LINKS": "/a,/b",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_INSECURE_HOST": "a.example b.example",
    }
    assert expected.items() <= variables.items()
    assert options == ["--no-config"]

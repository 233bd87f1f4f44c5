"""uv finds packages where pip does: pip's indexes are settings of uv."""

import os

from harness.regression import pip

PROJECT = """
[[tool.uv.index]]
url = "https://a.example"
default = true
[[tool.uv.index]]
name = "b"
url = "https://b.example"
[[tool.uv.index]]
url = "https://c.example"
[[tool.uv.index]]
name = "torch"
url = "https://d.example"
explicit = true
"""


def test_indexes_of_uv_become_variables(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("UV_NO_CONFIG", raising=False)
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text(
        "allow-insecure-host = ['a', 'b']\n[pip]\ntarget = 'lib'", encoding="utf-8"
    )
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    variables, options = pip.for_uv()
    indexes = {"UV_DEFAULT_INDEX": "https://a.example", "UV_INDEX": "b=https://b.example https://c.example"}
    assert ({"UV_INSECURE_HOST": "a b"} | indexes).items() <= variables.items()
    assert options == ["--no-config"]


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

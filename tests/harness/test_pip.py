"""uv hears what pip was told, in its own words."""

import pytest

from harness.regression.pip import Told, settings, translated


@pytest.mark.parametrize(
    ("option", "value", "variables"),
    [
        ("index-url", "https://one.example", {"UV_DEFAULT_INDEX": "https://one.example"}),
        ("extra-index-url", "https://a.example\nfile:///b", {"UV_EXTRA_INDEX_URL": "https://a.example file:///b"}),
        ("find-links", "/a\n/b", {"UV_FIND_LINKS": "/a,/b"}),
        ("trusted-host", "a.example\nb.example:80", {"UV_INSECURE_HOST": "a.example b.example:80"}),
        ("proxy", "http://me:pw@p:3128", dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://me:pw@p:3128")),
        ("cert", "/ca.pem", {"SSL_CERT_FILE": "/ca.pem"}),
        ("client-cert", "/me.pem", {"SSL_CLIENT_CERT": "/me.pem"}),
        ("timeout", "15.4", {"UV_HTTP_TIMEOUT": "15"}),
        ("retries", "3", {"UV_HTTP_RETRIES": "3"}),
        ("constraint", "/constraints.txt", {}),
    ],
)
def test_what_pip_is_told_is_a_variable_of_uv(option, value, variables):
    assert translated({option: value}) == Told({"UV_INDEX_STRATEGY": "unsafe-best-match", **variables}, [])


@pytest.mark.parametrize(
    ("option", "value", "options"),
    [
        *(("no-index", value, ["--no-index"]) for value in ("1", "true", "Yes", "on")),
        *(("no-index", value, []) for value in ("0", "false", "No", "off")),
        ("pre", "true", ["--prerelease", "allow"]),
        ("pre", "false", []),
        ("only-binary", ":all:", ["--only-binary=:all:"]),
        ("no-binary", "numpy,h5py", ["--no-binary=numpy", "--no-binary=h5py"]),
    ],
)
def test_what_uv_has_no_variable_for_is_an_option(option, value, options):
    assert translated({option: value}).options == options


def test_of_several_settings_the_one_that_pip_follows_counts():
    listed = """:env:.default-timeout='180'
:env:.no-index='0'
:env:.proxy=''
download.cert='/of-another-command.pem'
global.index-url='https://global.example'
global.no-index='true'
global.proxy='proxy.example'
install.index-url='https://install.example'
install.trusted-host='\\na.example\\nb.example'
"""
    assert settings(listed) == {
        "index-url": "https://install.example",
        "no-index": "0",
        "proxy": "proxy.example",
        "timeout": "180",
        "trusted-host": "a.example\nb.example",
    }

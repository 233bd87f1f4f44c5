"""Fixtures of the tests that run pytest themselves."""

import pytest

from tests.project import Project


@pytest.fixture
def project(tmp_path, mnist):
    return Project(tmp_path, mnist)

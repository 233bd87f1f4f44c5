"""Old names of options and markers: they work until the next release, and a warning names the new ones."""

import os
import re
import shlex

import pytest

OPTIONS = {"--referee": "--reference", "--launches": "--process-runs", "--error": "--alpha"}
MARKERS = {"ladder": "equivalence", "catalogue": "mutation", "growth": "trajectory"}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Warn of old options, which are aliases of the new ones, and translate old markers in `-m`."""
    arguments = [*shlex.split(os.environ.get("PYTEST_ADDOPTS", "")), *config.invocation_params.args]
    given = {str(argument).partition("=")[0] for argument in arguments}
    renamed = [(old, new) for old, new in OPTIONS.items() if old in given]
    for old, new in MARKERS.items():
        expression, count = re.subn(rf"\b{old}\b", new, config.option.markexpr or "")
        if count:
            config.option.markexpr = expression
            renamed.append((f"-m {old}", f"-m {new}"))
    for old, new in renamed:
        message = f"{old} is deprecated and will be removed in the next release: use {new}"
        config.issue_config_time_warning(pytest.PytestDeprecationWarning(message), stacklevel=3)

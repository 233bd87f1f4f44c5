"""Keys of the values that the plugin keeps in pytest's config, for later hooks."""

from typing import Any

import pytest

from harness.measuring.campaign import Campaign
from harness.regression.upgrade import Upgrade
from harness.report.display import Display
from impls import Case

CASES = pytest.StashKey[list[Case]]()  # that were chosen
REFERENCES = pytest.StashKey[dict[str, str]]()  # network -> the variant that the others are compared with
DISPLAY = pytest.StashKey[Display]()
CAMPAIGN = pytest.StashKey[Campaign]()
UPGRADE = pytest.StashKey[Upgrade]()
UPGRADED_RUNTIMES = pytest.StashKey[list[str]]()  # runtimes of which a chapter compares two versions
RUNTIMES = pytest.StashKey[Any]()  # that comparison: its `found` is like that of `Upgrade`
NOTICES = pytest.StashKey[list[str]]()  # lines about saved runs and about saving this one

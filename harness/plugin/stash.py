"""Keys of the values that the plugin keeps in pytest's config, for later hooks."""

import pytest

from harness.measuring.campaign import Campaign
from harness.regression.upgrade import Upgrade
from harness.regression.versions import Compared
from harness.report.display import Display
from impls import Case

CASES = pytest.StashKey[list[Case]]()  # that were chosen
REFERENCES = pytest.StashKey[dict[str, str]]()  # network -> the variant that the others are compared with
DISPLAY = pytest.StashKey[Display]()
CAMPAIGN = pytest.StashKey[Campaign]()
UPGRADE = pytest.StashKey[Upgrade]()
COMPARED = pytest.StashKey[Compared]()  # of two versions; a chapter may set it first
NOTICES = pytest.StashKey[list[str]]()  # lines about saved runs and about saving this one

"""The summary of an upgrade fits a screen: a reason that variants share is one line, and no number is cut off."""

from types import SimpleNamespace

import pytest
from rich.console import Console

from harness.judging.sequential import Sampling
from harness.judging.verdict import Verdict
from harness.regression.numerics import Finding
from harness.regression.report import as_markdown, terminal

VARIANTS = ("keras-tensorflow", "keras-torch", "keras-jax", "tensorflow")
FINDINGS = {
    "training": Finding("changed", "loss of step 2: 1 -> 2"),
    "accuracy": Verdict("same", 7, -0.12345, -0.23456, -0.01234, unit="points"),
    "import": Verdict("inconclusive", 10, 0.05, 0.01, 0.09, "about 1,234 pairs would decide", needed=1234),
    "first-step": Verdict("inconclusive", 3, 0.05, 0.01, 0.09, "8 pairs are needed"),
}


@pytest.fixture
def upgrade():
    versions = {"baseline": {"keras": "1", "numpy": "2"}, "candidate": {"keras": "2", "numpy": "2"}}
    return SimpleNamespace(
        found={(variant, name): known for variant in VARIANTS for name, known in FINDINGS.items()},
        requested={variant: list(FINDINGS) for variant in VARIANTS},
        sides=[SimpleNamespace(wanted="keras==1"), SimpleNamespace(wanted="keras==2")],
        settings=SimpleNamespace(network="mlp"),
        sampling=Sampling(alpha=0.05),
        versions=dict.fromkeys(VARIANTS, versions),
        imported={},
        kept_variables="none",
        refused="",
    )


def test_summary_of_four_variants_is_complete_and_short(upgrade):
    console = Console(width=120, highlight=False)
    with console.capture() as captured:
        for part in terminal(upgrade):
            console.print(part, soft_wrap=isinstance(part, str))
    shown = captured.get()
    assert "…" not in shown
    assert [shown.count(number) for number in ("-12.35pt", "-23.46", "-1.23)")] == [len(VARIANTS)] * 3
    for text in (shown, as_markdown(upgrade)):
        assert [text.count(line) for line in ("keras 1 -> 2", "loss of step 2: 1 -> 2", "8 pairs")] == [1, 1, 1]
        assert text.count(", ".join(VARIANTS)) == 4

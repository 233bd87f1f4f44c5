"""The summary of an upgrade fits a screen: what has one reason is one line, and nothing of a table is cut off."""

from types import SimpleNamespace

import pytest
from rich.console import Console

from harness.judging.sequential import Sampling
from harness.judging.verdict import Verdict
from harness.regression.numerics import Finding
from harness.regression.report import as_markdown, terminal

VARIANTS = ("keras-tensorflow", "keras-torch", "keras-jax", "tensorflow")
LONGEST = Verdict("same", 7, -0.12345, -0.23456, -0.01234, unit="points")
UNDECIDED = Verdict("inconclusive", 10, 0.05, 0.01, 0.09, "about 1,234 launches would decide", needed=1234)
TOO_FEW = Verdict("inconclusive", 3, 0.05, 0.01, 0.09, "8 launches are needed")
CHANGED = Finding("changed", "loss of step 2: 1 -> 2")


@pytest.fixture
def upgrade():
    claims = {"training": CHANGED, "accuracy": LONGEST, "import": UNDECIDED, "fit-3200": TOO_FEW, "first-step": TOO_FEW}
    found = {(variant, claim): known for variant in VARIANTS for claim, known in claims.items()}
    sides = [SimpleNamespace(wanted="keras==1"), SimpleNamespace(wanted="keras==2")]
    versions = {"baseline": {"keras": "1", "numpy": "2"}, "candidate": {"keras": "2", "numpy": "2"}}
    return SimpleNamespace(
        found=found,
        claims={variant: list(claims) for variant in VARIANTS},
        sides=sides,
        settings=SimpleNamespace(network="mlp"),
        sampling=Sampling(alpha=0.05),
        versions=dict.fromkeys(VARIANTS, versions),
        imported={},
        kept_variables="none",
        refused="",
    )


@pytest.fixture
def shown(upgrade):
    console = Console(width=120, highlight=False)
    with console.capture() as captured:
        for part in terminal(upgrade):
            console.print(part, soft_wrap=isinstance(part, str))
    return captured.get()


def test_table_of_four_variants_is_complete(shown):
    assert "…" not in shown
    for number in ("-12.35pt", "-23.46", "-1.23)"):
        assert shown.count(number) == len(VARIANTS)


@pytest.mark.parametrize(
    "line",
    [
        "keras 1 -> 2",
        "training changed: loss of step 2: 1 -> 2",
        "fit-3200, first-step inconclusive: 8 launches are needed",
        "estimated number of launches that would decide: import 1,234",
    ],
)
def test_reason_of_several_variants_is_one_line(upgrade, shown, line):
    for text in (shown, as_markdown(upgrade)):
        assert text.count(line) == 1
        assert f"{line} ({', '.join(VARIANTS)})" in text


def test_footnote_states_margins_and_error_rate(shown):
    for each in ("5.0%", "accuracy 0.2pt", "kept-by-call 4 KiB", "5 %"):
        assert each in shown

"""The plugins of this suite: options, fixtures and hooks are in harness/plugin."""

from harness.plugin.chapter import CHAPTERS

PLUGINS = [
    *("options", "fixtures", "selection", "changed", "distribution"),
    *("summary", "saved_runs", "upgrades", "page", "budget"),
]
pytest_plugins = [*(f"harness.plugin.{name}" for name in PLUGINS), *CHAPTERS]

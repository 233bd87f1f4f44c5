# The commands of README.md, and what they stand on.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --constraint constraints.txt

# FRAMEWORKS="pytorch jax" installs these and compares these, and NumPy. Left out: all, as far as they can be had here.
KNOWN := tensorflow pytorch keras jax
WANTED := $(or $(FRAMEWORKS),$(KNOWN))
UNKNOWN := $(filter-out $(KNOWN),$(WANTED))
CHOSEN := $(if $(FRAMEWORKS),$(foreach name,numpy $(FRAMEWORKS),--framework $(name)))
$(if $(UNKNOWN),$(error FRAMEWORKS: expected some of "$(KNOWN)", got "$(UNKNOWN)"))

.PHONY: quick compare test edge profile browser bits study calibrate data setup lint mutants clean clean-envs
.NOTPARALLEL:

quick: data
	$(BIN)/python -m pytest --quick -q $(CHOSEN)

compare: data
	$(BIN)/python -m pytest --compare --long -q --page=report.html --results=results.json $(CHOSEN)

test: data
	$(BIN)/python -m pytest -n 2
	$(BIN)/python -m pytest -n 2 --network cnn tests/test_network.py tests/test_ladder.py -k "not many_steps"

edge: data $(VENV)/installed-edge
	$(BIN)/python -m pytest -m edge -q $(CHOSEN)

profile: data
	$(BIN)/python -m pytest -m profile -q $(CHOSEN)

bits: data
	$(BIN)/python -m harness.edge.bits

study: data
	$(BIN)/python -m harness.equality.study

calibrate: data
	$(BIN)/python -m harness.regression.calibrate

data: setup
	$(BIN)/python -m harness.data.obtain

setup: $(WANTED:%=$(VENV)/installed-%)

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, $(PYTHON) is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV): about 8 GB for all frameworks, some minutes"
	$(PIP) --editable '.[dev]'
	@touch $@

$(VENV)/installed-edge: $(VENV)/installed
	$(PIP) --editable '.[edge]'
	@touch $@

$(VENV)/installed-%: $(VENV)/installed
	@$(PIP) --editable '.[$*]' && touch $@ $(if $(FRAMEWORKS),,|| echo "$* cannot be had here, as pip says above: its variants will be missing")

browser:
	@command -v chromium >/dev/null || (apt-get update -qq && apt-get install -yqq --no-install-recommends chromium)

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

mutants: data
	$(BIN)/uv run --no-sync --with mutmut python -m mutmut run
	$(BIN)/uv run --no-sync --with mutmut python -m mutmut results

clean-envs: $(VENV)/installed
	$(BIN)/python -m harness.regression.environments --clean

clean:
	rm -rf $(VENV) mutants .pytest_cache .ruff_cache .benchmarks *.egg-info

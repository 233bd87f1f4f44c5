# The two commands of README.md, `make compare` and `make test`, and what they stand on.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.PHONY: compare test study calibrate data setup lint clean clean-envs

compare: data
	$(BIN)/python -m pytest --compare -q

test: data
	$(BIN)/python -m pytest

study: data
	$(BIN)/python -m harness.study

calibrate: data
	$(BIN)/python -m harness.regression.calibrate

data: setup
	$(BIN)/python -m harness.mnist

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, $(PYTHON) is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	@echo "Installing the frameworks into $(VENV): about 8 GB, some minutes"
	$(BIN)/python -m pip install --quiet --quiet --constraint constraints.txt --editable '.[jax,dev]'
	@touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean-envs: setup
	$(BIN)/python -m harness.regression.environments --clean

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .benchmarks *.egg-info

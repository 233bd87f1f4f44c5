# The commands of README.md, and what they stand on.

# The newest Python that can make an environment; `make quick PYTHON=...` takes another.
PYTHON ?= $(firstword $(shell for python in python3.13 python3.12 python3.11; do \
	$$python -c 'import ensurepip' 2>/dev/null && echo $$python; done) python3)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --constraint constraints.txt

# FRAMEWORKS="pytorch jax" installs these and compares these, and NumPy. Left out: all, as far as they can be had here.
# NETWORK=cnn compares that network instead of the first of impls/contract.py.
KNOWN := tensorflow pytorch keras jax
WANTED := $(or $(FRAMEWORKS),$(KNOWN))
# TORCH_BACKEND=cpu takes PyTorch from the index that uv's --torch-backend names: it has no CUDA, and takes 4 GB less.
PIP_pytorch := $(if $(TORCH_BACKEND),$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt \
	--torch-backend $(TORCH_BACKEND))
UNKNOWN := $(filter-out $(KNOWN),$(WANTED))
CHOSEN := $(if $(FRAMEWORKS),$(foreach name,numpy $(FRAMEWORKS),--framework $(name))) $(NETWORK:%=--network %)
$(if $(UNKNOWN),$(error FRAMEWORKS: expected some of "$(KNOWN)", got "$(UNKNOWN)"))

.PHONY: quick compare test edge profile browser bits study calibrate data setup notebooks site lint constraints mutants clean clean-envs
.NOTPARALLEL:

quick: data
	$(BIN)/python -m pytest --quick -q $(CHOSEN)

compare: data
	$(BIN)/python -m pytest --compare --long -q --page=report.html --results=results.json $(CHOSEN)

# Of the larger networks shapes, gradients and running statistics: their trainings take minutes. `pytest -m lessons`
# tests the frameworks, not this project.
SHORT := test_resnet.py or test_parameter_count or float64 and test_gradients
# JAX keeps its compiled code in .cache/jax for the next run.
KEPT := JAX_COMPILATION_CACHE_DIR JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS
test: export JAX_COMPILATION_CACHE_DIR = $(CURDIR)/.cache/jax
test: export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS = 0.1
test: data $(VENV)/installed-test
	$(BIN)/python -m pytest -n 2 --network all --epochs 1 --budget tests/budget.json $(KEPT:%=--keep-env %) \
		-m "not lessons" -k "not (-cnn or -vit or -resnet) or $(SHORT)"

edge: data $(VENV)/installed-edge
	$(BIN)/python -m pytest -m edge -q $(CHOSEN)

profile: data
	$(BIN)/python -m pytest -m profile -q $(CHOSEN)

bits: data
	$(BIN)/python -m studies.bits

study: data
	$(BIN)/python -m studies.recipe

calibrate: data
	$(BIN)/python -m studies.calibrate

data: setup
	$(BIN)/python -m harness.data.obtain

setup: $(WANTED:%=$(VENV)/installed-%)

$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, $(PYTHON) is " + sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "$$($(BIN)/python --version), $$(readlink -f $(BIN)/python): installing into $(VENV)$(if $(FRAMEWORKS),,: 8 GB in some minutes)"
	$(PIP) --editable .
	@touch $@

EXTRAS := $(patsubst %,$(VENV)/installed-%,edge test site dev)
$(EXTRAS): $(VENV)/installed-%: $(VENV)/installed
	$(PIP) --editable '.[$*]'
	@touch $@

$(VENV)/installed-%: $(VENV)/installed
	@$(or $(PIP_$*),$(PIP)) --editable '.[$*]' && touch $@ $(if $(FRAMEWORKS),,|| echo "$* cannot be had here, as is said above: its variants will be missing")

browser:
	@command -v chromium >/dev/null || (apt-get update -qq && apt-get install -yqq --no-install-recommends chromium)

notebooks: $(VENV)/installed-test
	mkdir -p $@
	for name in $(KNOWN) numpy; do $(BIN)/python -m impls.notebook $$name -o $@/$$name.ipynb || exit 1; done

site: $(VENV)/installed-site
	$(BIN)/python -m tools.pages
	$(BIN)/python -m zensical build --strict

# Links are checked in a copy without the files that git ignores: a clone does not have them.
lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python tools/prose.py
	copy=$$(mktemp -d) && trap 'rm -r $$copy' EXIT && git ls-files -zco --exclude-standard | \
		tar --null --files-from=- --ignore-failed-read -c | tar -xC $$copy && cd $$copy && $(abspath $(BIN))/rumdl check --no-cache

# Keeps to the versions in the file; UPGRADE=--upgrade takes the newest, UPGRADE="-P jax" those of one package.
constraints: $(VENV)/installed
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-annotate --no-header \
		--no-emit-package setuptools --no-emit-package wheel $(UPGRADE) pyproject.toml --output-file constraints.txt
	sed -i -E "s/( ;| and) (python_full_version < '3.14' and )?implementation_name .*//" constraints.txt
	sed -i '1i # Versions that the suite was last run with, on Linux and Python 3.11 to 3.13.\n# Made by "make constraints" out of pyproject.toml.' constraints.txt

mutants: data
	$(BIN)/uv run --no-sync --with mutmut python -m mutmut run
	$(BIN)/uv run --no-sync --with mutmut python -m mutmut results

clean-envs: $(VENV)/installed
	$(BIN)/python -m harness.regression.environments --clean

clean:
	rm -rf $(VENV) build .cache mutants .pytest_cache .ruff_cache .benchmarks *.egg-info

# `make demo` and `make test` are the two commands of the README; each sets up all it needs in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# One process per core; the tests of one file stay together.
AT_ONCE := --numprocesses=auto --dist=loadscope

BENCH := tests:tests/story:tests/reliability:tests/bench

.PHONY: install demo test test-postgresql test-reliability audit check lint format screenshots bench soak reference wheel clean

install: $(STAMP)

$(STAMP): pyproject.toml daemon/deploylog/__init__.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(STAMP)

demo: install
	$(BIN)/deploylog demo $(ARGS)

test: install
	$(BIN)/python -m pytest $(AT_ONCE) $(ARGS)

# What uses a store, on a PostgreSQL that the tests start themselves; tests about a SQLite file skip themselves.
test-postgresql: install
	DEPLOYLOG_TEST_STORE=postgresql $(BIN)/python -m pytest $(AT_ONCE) tests/story tests/reliability tests/web \
	$(wildcard tests/test_*.py) $(ARGS)

# The whole proof of docs/reliability.md: hours, not minutes.
test-reliability: install
	DEPLOYLOG_SCHEDULES=10000 DEPLOYLOG_EVERY_POINT=1 DEPLOYLOG_EXAMPLES=400 DEPLOYLOG_KILLING_SECONDS=300 \
	$(BIN)/python -m pytest --numprocesses=auto --dist=worksteal tests/reliability $(ARGS)

# Holds the measured figures against their aims beside a script's, and writes docs/performance.md; up to 15 minutes.
bench: install
	PYTHONPATH=$(BENCH) $(BIN)/python tests/bench/measure.py $(ARGS)

# Memory and store over 10,000 passes with staff edits; ARGS: how many passes.
soak: install
	PYTHONPATH=$(BENCH) $(BIN)/python tests/bench/soak.py $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive daemon

# Asks a database of known vulnerabilities about every package of .venv; needs the network.
audit: install
	$(BIN)/pip-audit --skip-editable

check: lint test

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The pictures of docs/, as Debian's Chromium shows the sandbox's pages.
screenshots: install
	PYTHONPATH=tests:tests/story $(BIN)/python tests/story/screenshots.py

# The pages of docs/ that are written by the code.
reference: install
	PYTHONPATH=tests $(BIN)/python tests/reference_pages.py

wheel: install
	$(BIN)/python -m build --quiet --wheel

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

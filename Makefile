# `make demo` and `make test` are the two commands of the README; each sets up all it needs in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install demo test check lint format screenshots wheel clean

install: $(STAMP)

$(STAMP): pyproject.toml daemon/deploylog/__init__.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(STAMP)

demo: install
	$(BIN)/deploylog demo $(ARGS)

test: install
	$(BIN)/python -m pytest $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The pictures of docs/, as Debian's Chromium shows the sandbox's pages.
screenshots: install
	PYTHONPATH=tests:tests/story $(BIN)/python tests/story/screenshots.py

wheel: install
	$(BIN)/python -m build --quiet --wheel

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

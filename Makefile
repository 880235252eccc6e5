# Everything a developer types. `make install` is called by the others when it is needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install run test check bench crash audit lock fmt

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## a virtual environment in .venv with everything pinned in requirements.lock

# Done again only when the lock or the project file changed.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Playcall needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what requirements.lock names into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $(INSTALLED)

run: install ## the demo: a local Slack, the bot and a book of business; prints the page's address
	@$(BIN)/playcall demo

test: install ## all tests, on SQLite and PostgreSQL
	@$(BIN)/python -m pytest -q -n auto --dist worksteal

check: install ## what must hold before a commit: format, lint, types, import direction, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q -n auto --dist worksteal

bench: install ## the benchmarks, one after another
	@failed=0; for file in tests/benchmarks/bench_*.py; do $(BIN)/python -m tests.benchmarks.$$(basename $$file .py) || failed=1; echo; done; exit $$failed

crash: install ## kill every process hundreds of times under load, then make up lives; prints what was lost or repeated
	@$(BIN)/python -m tests.crash
	@PROPERTY_LIVES=100 $(BIN)/python -m pytest -q tests/integration/test_properties.py

audit: ## look up the pinned packages among those with a published advisory (needs pypi.org)
	@PYTHON=$(PYTHON) .ci/audit

# Pins for every platform and for Python 3.11 upwards, without a word about where packages come from.
lock: install ## write requirements.lock anew from the ranges in pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-header --no-emit-index-url --no-annotate --quiet --output-file requirements.lock

fmt: install ## format, and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

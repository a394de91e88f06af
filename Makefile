# Everything is one word after `make`; `make help` lists the words.

VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python
PYTEST := $(RUN) -m pytest
JOBS ?= 2
ARGS ?=

# The first interpreter that is new enough and can make a virtual environment; PYTHON=... chooses another.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$name && break; done)

TYPED := function_app.py settings.py domain orchestrators activities providers blueprints devhost tools benchmarks tests
TESTED := tests/unit tests/contract tests/integration tests/replay

.DEFAULT_GOAL := help
.PHONY: help setup browser format lint check test start demo record soak bench

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/.complete ## make .venv and install Azurite under .tools; quick when all is there
	@$(RUN) -m tools.azurite install

browser: setup ## install Chromium for the tests in a browser, where apt-get may
	@$(RUN) -m tools.chromium install

$(VENV)/.complete: requirements.txt requirements-dev.txt
	@test -n "$(PYTHON)" || { \
		echo "No Python 3.11 or newer with the venv module was found; install one, or name it: make PYTHON=..." >&2; \
		exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version)."
	@$(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@

format: setup ## rewrite the code to the house format
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

lint: setup ## check format, lint, strict types and import rules
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy --strict $(TYPED)
	$(BIN)/lint-imports --no-logo

check: lint test ## lint, then all tests: what a change must pass

test: browser ## run all tests: unit to replay with coverage, then the schedules, then e2e
	$(PYTEST) $(TESTED) --numprocesses=$(JOBS) --dist=loadfile --cov --cov-report=term
	$(PYTEST) tests/schedules --numprocesses=$(JOBS)
	$(PYTEST) tests/e2e --numprocesses=$(JOBS) --dist=loadfile

start: setup ## run the app here: settings, Azurite, devhost on port 7071 (ARGS="--port 7072")
	@$(RUN) -m tools.start $(ARGS)

demo: setup ## play every flow from start to end on a devhost of its own
	@$(RUN) -m tools.demo

record: setup ## record the histories of tests/replay anew; only before the first release
	@$(RUN) -m tests.replay.recorded

soak: setup ## run the random schedules for long
	$(PYTEST) tests/schedules --numprocesses=$(JOBS) --timeout=7200 --hypothesis-profile=soak

bench: setup ## measure devhost and two peers with the same workload (ARGS="--quick", ARGS="--alone")
	@$(RUN) -m benchmarks $(ARGS)

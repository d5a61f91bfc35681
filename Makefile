# `make` alone lists what there is. PORT=9000 and DATA=folder change where `make run` serves from.
PYTHON ?= python3
PORT ?= 8000
DATA ?= countermand-data

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
READY := $(VENV)/ready
# A file of tests stays with one process, because what it sets up is set up once.
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

# Only the first failing step is of interest, and its message should be the last thing on the screen.
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help run test test-all check lint types layers known-answers interop bench evidence docs lock pictures

help:      ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 19

run:       ## Set up, prepare real sample data, serve on http://127.0.0.1:8000 (PORT=, DATA=)
run: $(READY)
	@$(BIN)/countermand demo --data $(DATA) --port $(PORT)

test:      ## The default tests: everything that finishes within ten minutes
test: $(READY)
	@$(BIN)/python tests/find_browser.py
	@$(PYTEST)

test-all:  ## Every test, with many more generated examples
test-all: $(READY)
	@$(BIN)/python tests/find_browser.py
	@HYPOTHESIS_PROFILE=thorough $(PYTEST)

check:     ## All that must pass before a commit: lint, types, layers, tests
check: lint types layers test

lint:      ## Format and style
lint: $(READY)
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

types:     ## Types, strictly
types: $(READY)
	@$(BIN)/mypy

layers:    ## Who may import whom
layers: $(READY)
	@$(BIN)/lint-imports

known-answers: ## Hold formats and proofs against the answers of others, where they lie beside
known-answers: $(READY)
	@$(BIN)/python -m tests.known_answers

interop:   ## Have an export judged by another verifier (AICS_TLOG=, AICS_WITNESS=: its commands)
interop: $(READY)
	@$(BIN)/python -m tests.interop $(AICS_TLOG)
	@test -z "$(AICS_WITNESS)" || $(BIN)/python -m tests.interop_witness $(AICS_WITNESS) $(AICS_TLOG)

bench:     ## Measure speed beside a textbook endpoint (writes benchmarks/results/)
bench: $(READY)
	@$(BIN)/python -m benchmarks; missed=$$?; $(BIN)/python -m docs.refresh; exit $$missed

evidence:  ## Attack the real code at the counts of a release (says how long; can be gone on with)
evidence: $(READY)
	@$(BIN)/python -m tests.evidence all

docs:      ## Write again what the reference quotes from the code
docs: $(READY)
	@$(BIN)/python -m docs.refresh

pictures:  ## Take the pictures of every page, then the documentation's from a running demo (PORT=)
pictures: $(READY)
	@$(BIN)/python -m docs.pictures.gallery
	@$(BIN)/python -m docs.pictures.take --port $(PORT)

lock:      ## Work out requirements/*.txt again from pyproject.toml
lock: $(READY)
	@$(BIN)/uv --version >/dev/null 2>&1 || $(PIP) install uv
	@$(BIN)/python requirements/lock.py

# The lock is installed by hash, the project itself without asking an index for anything.
$(READY): requirements/lock.txt pyproject.toml | $(BIN)/python
	@echo "Setting up $(VENV), a minute or two, once ..."
	@$(PIP) install --no-deps --require-hashes -r requirements/lock.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Countermand needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade pip

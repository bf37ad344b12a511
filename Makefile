# Verbs for people and for CI. Each one sets up what it needs; `make` alone lists them.

PYTHON  ?= python3
DEMO    ?= demo
VENV    := .venv
BIN     := $(VENV)/bin
# as many processes as there are cores, a file in one of them
AT_ONCE := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
READY   := $(VENV)/.cohortmart-ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test unit test-slow lint docs bench

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 : \2/p' Makefile

setup: $(READY) ## the environment in .venv, versions from constraints.txt

demo: $(READY) ## write a synthetic study into ./demo and run everything on it
	$(BIN)/python -m cohortmart demo --out $(DEMO)

test: $(READY) ## the tests, without the slow ones
	$(BIN)/python -m pytest $(AT_ONCE) -m "not slow"

unit: $(READY) ## the tests of one room: make unit ROOM=report (or analyses/stats, core/study, …)
	@test -d tests/unit/$(ROOM) || { echo "no such room: tests/unit/$(ROOM)" >&2; exit 1; }
	$(BIN)/python -m pytest $(AT_ONCE) -m "not slow" tests/unit/$(ROOM)

test-slow: $(READY) ## the slow tests
	$(BIN)/python -m pytest $(AT_ONCE) -m slow

lint: $(READY) ## ruff, mypy and the rules of who may import whom
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

docs: $(READY) ## write docs/tables.md and the exposures of the tables from what they are made of
	$(BIN)/python -m cohortmart.app.table_docs docs/tables.md
	$(BIN)/python -m cohortmart.app.exposures models/_exposures.yml docs/cookbook.md

bench: $(READY) ## run the benchmarks one after the other; they print ratios
	@set -e; for script in block_correlation engine combat_seq cell_fractions whole_run gsea modules regions epic findings report explore small_run; do echo "== $$script"; $(BIN)/python benchmarks/$$script.py; done

# The stamp is written last: a set-up that failed half-way is done again by the next verb.
# An environment that does not run (moved, other Python, no pip) is made anew.
$(READY): pyproject.toml constraints.txt
	@rm -f $@
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "cohortmart needs Python 3.11 or newer, but '$(PYTHON)' is not (or is not there)." >&2; \
	  echo "Name one that is: make PYTHON=/path/to/python3.11 setup" >&2; exit 1; }
	@$(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "making $(VENV)"; $(PYTHON) -m venv --clear $(VENV); } || { \
	  echo "Python could not make an environment (Debian, Ubuntu: apt install python3-venv)." >&2; \
	  exit 1; }
	@echo "installing the versions of constraints.txt (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --no-build-isolation --editable .
	@$(BIN)/python -m pip check --disable-pip-version-check
	@touch $@

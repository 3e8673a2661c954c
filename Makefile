# `make` tells what there is. Everything happens in .venv and .tools; nothing is installed on the machine.
.DEFAULT_GOAL := help
.PHONY: help demo test lint fmt bench soak tools pins clean

# Compiled modules are kept: hundreds of short runs would else compile the compiler each time.
unexport PYTHONDONTWRITEBYTECODE

# How many processes the tests run in: one more than there are cores, since many tests wait for servers.
WORKERS ?= $(shell expr 1 + $$(getconf _NPROCESSORS_ONLN))

RUNTIME := .venv/.runtime
DEV := .venv/.dev
# .venv and .tools are made side by side.
SET_UP := $(MAKE) -s --no-print-directory -j2 tools-if-had

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-14s%s\n", $$1, $$2 }'

demo:  ## compile the example company and have promtool and amtool judge it
	@$(SET_UP) $(RUNTIME)
	@.ci/demo

test:  ## every test
	@$(SET_UP) $(DEV)
	@.venv/bin/pytest -n $(WORKERS)

lint:  ## style, types, walls between rooms, and whether generated/ is what policies/ means
	@$(SET_UP) $(DEV)
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/watchbill compile --check

fmt: $(DEV)  ## what ruff can mend by itself
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

bench: $(DEV) tools  ## how fast a large company compiles, and how much the executor takes in
	@.venv/bin/python tests/bench/bench.py
	@echo
	@.venv/bin/python tests/bench/executor_bench.py

soak: $(DEV)  ## the executor under load, killed 200 times on each database: some 15 minutes
	@.venv/bin/python tests/soak/long.py

tools:  ## promtool, amtool, prometheus and alertmanager in .tools/bin
	@.ci/get-tools

pins: $(DEV)  ## the newest versions of everything into .ci/constraints.txt
	@.venv/bin/python -m pip install -qq --upgrade --upgrade-strategy eager hatchling editables
	@.venv/bin/python -m pip install -qq --upgrade --upgrade-strategy eager --no-build-isolation -e '.[dev]'
	@{ head -n1 .ci/constraints.txt; .venv/bin/python -m pip freeze --exclude-editable; } >.ci/constraints.new
	@mv .ci/constraints.new .ci/constraints.txt

clean:  ## remove what make made
	@rm -rf .venv .tools .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis build dist site
	@find compiler tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: tools-if-had
tools-if-had:
	@.ci/get-tools --optional

$(RUNTIME): pyproject.toml .ci/constraints.txt
	@.ci/make-venv runtime

$(DEV): pyproject.toml .ci/constraints.txt
	@.ci/make-venv dev

# `make test PYTHON=python3.12` must not run in the .venv of another Python.
ifdef PYTHON
$(RUNTIME) $(DEV): asked-for
.PHONY: asked-for
endif

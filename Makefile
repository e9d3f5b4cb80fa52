# Every target does its own set-up in .venv; PYTHON chooses the interpreter (3.11 or later).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help demo test lint format e2e bench soak kubectls screenshots wheel lock clean

help:
	@echo "make demo         the terminal program on the embedded lab; needs no cluster"
	@echo "make test         the tests that need no cluster"
	@echo "make lint         linter, formatter, type checker, layers, module sizes"
	@echo "make e2e          the tests on the real cluster of KHEADLESS_E2E_KUBECONFIG"
	@echo "make bench        the tables of tests/bench"
	@echo "make soak         minutes of random faults and changes, the store held against a fresh list"
	@echo "make kubectls     builds the kubectls that the lab's tests drive; needs Go"
	@echo "make screenshots  the pictures in screenshots/, made from the lab"

$(READY): pyproject.toml requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit("kheadless-tui needs Python 3.11 or later, and $(PYTHON) is " + sys.version.split()[0] + ": make PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	$(BIN)/python -m compileall -q kheadless_tui  # the first start, too, reads bytecode
	@touch $@

demo: $(READY)
	$(BIN)/kheadless-tui demo

test: $(READY)
	$(BIN)/pytest -m "not e2e" --numprocesses auto --maxprocesses 4 --dist loadfile

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/module_sizes.py

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

e2e: $(READY)
	@test -n "$$KHEADLESS_E2E_KUBECONFIG" || { echo "make e2e: set KHEADLESS_E2E_KUBECONFIG to the kubeconfig of a cluster that tests may use" >&2; exit 2; }
	$(BIN)/pytest -m e2e

bench: $(READY)
	@for table in tests/bench/bench_*.py; do \
	  table=$$(basename $$table .py); echo "== $${table#bench_}"; $(BIN)/python -m tests.bench.$$table || exit 1; done

soak: $(READY)
	$(BIN)/python -m tests.soak.soak $(SOAK)

kubectls: $(READY)
	$(BIN)/python scripts/build_kubectl.py

screenshots: $(READY)
	$(BIN)/python scripts/screenshots.py

wheel: $(READY)
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

# The newest versions that pyproject.toml allows, written down; commit the result after the tests have passed with it.
lock:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --upgrade pip
	.venv-lock/bin/python -m pip install --quiet . --group dev
	{ echo "# Versions that the tests run with; made by 'make lock'."; \
	  .venv-lock/bin/python -m pip freeze --exclude kheadless-tui; } > requirements-dev.lock
	rm -rf .venv-lock

clean:
	rm -rf $(VENV) .venv-lock dist build .pytest_cache .mypy_cache .ruff_cache

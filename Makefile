# make book: set-up, every chapter on the demo corpus in three languages, HTML in _build/html
# make test: set-up, all tests
# make check: set-up, lint (ruff), types (mypy), and the tests that take no training to speak of: under two minutes
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: book test check lint types clean

book: $(READY)
	$(BIN)/sernb book

# one process a core, one thread each; a file's tests, and a notebook's cells, stay in one process; files in the order
# of their names, or the chapters, few tests that take minutes, would come last and alone
test: export OMP_NUM_THREADS = 1
test: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder tests
	$(BIN)/python -m pytest -n auto --dist loadfile --nbval-lax --nbval-current-env book

FAST = tests/test_*.py tests/corpora tests/data tests/speech tests/models tests/losses tests/evaluation
check: export OMP_NUM_THREADS = 1
check: lint types
	$(BIN)/python -m pytest -q -n auto $(FAST)

lint: $(READY)
	$(BIN)/ruff check sernb tests benchmarks examples book
	$(BIN)/ruff format --check --quiet sernb tests benchmarks examples

types: $(READY)
	$(BIN)/mypy

# uv installs the same packages in a fraction of pip's time; where it can't, pip does. Bytecode once, for every process
$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "uv>=0.5"
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -e ".[test]" || $(BIN)/python -m pip install --quiet -e ".[test]"
	touch $(READY)

clean:
	rm -rf $(VENV) _build runs

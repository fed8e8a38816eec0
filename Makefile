# Two commands: `make run` plays, `make test` proves. Both set .venv up first, from the lock.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
# One plays the piece, the other tests what needs no show; 0: all in this process, for a debugger.
WORKERS ?= 2

.PHONY: run test lint format bench wheel clean

run: .venv/ready
	$(BIN)/burntout run $(ARGS)

test: .venv/ready
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder $(ARGS)

lint: .venv/ready
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

format: .venv/ready
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: .venv/ready
	$(BIN)/burntout bench $(ARGS)
	$(BIN)/python -m pytest tests/benchmarks --benchmark-enable --benchmark-columns=median,iqr,rounds

wheel: .venv/ready
	$(BIN)/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist .

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Burntout needs Python 3.11 or newer; say which: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

clean:
	rm -rf .venv dist build

# One command does all set-up: `make demo`, `make test`. Everything lives in .venv inside the clone.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check bench corpus torture screenshots clean

demo: .venv/demo
	@$(BIN)/python -m dbtool deploy
	@$(BIN)/python -m dbtool seed
	@$(BIN)/python -m dbtool show units --columns story,slug,title
	@echo
	@echo "Go on:"
	@echo "  . .venv/bin/activate      then: dbtool --help, dbtool status, dbtool show users"
	@echo "  .venv/bin/dbtool studio   browse and edit it in a browser"
	@echo "  uv run dbtool ...         works too"

test: .venv/dev
	@$(BIN)/python -m pytest -n auto $(ARGS)

check: .venv/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: .venv/dev
	@$(BIN)/python -m benchmarks $(ARGS)

corpus: .venv/dev
	@$(BIN)/python tests/corpus/report.py $(ARGS)

torture: .venv/dev
	@DBTOOL_TORTURE=1 $(BIN)/python -m pytest -n auto tests/corpus tests/torture tests/engine/test_turns.py tests/engine/test_journal.py $(ARGS)

screenshots: .venv/dev
	@$(BIN)/python tests/studio/screenshots.py

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache

.venv/demo: pyproject.toml
	@echo "setting up .venv (once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --default-pip >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[studio]'
	@touch $@

.venv/dev: pyproject.toml
	@echo "setting up .venv for tests (once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip --default-pip >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@ .venv/demo

# make serve: the chat at http://127.0.0.1:7860.  make test: every test.  Both set themselves up and are quick the second time.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
export OMP_WAIT_POLICY := passive
export GRADIO_ANALYTICS_ENABLED := False

.PHONY: serve test check bench screenshots clean setup

serve: setup
	@$(BIN)/footnote serve

test: setup
	@$(BIN)/footnote fetch --model embedded --embedder embedded
	@$(BIN)/footnote fetch --model embedded:smollm2 --embedder embedded
	@$(BIN)/python -m pytest -q

check: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_architecture.py

bench: setup
	@$(BIN)/footnote fetch --model embedded --embedder embedded
	@$(BIN)/python -m tests.bench

screenshots: setup
	@echo "While 'make serve' runs in another terminal:"
	@$(BIN)/python -m tests.screenshot .github/screenshot.png

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Footnote needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what Footnote needs into .venv (once, about two minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

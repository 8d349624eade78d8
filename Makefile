.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp holds the lock file's content, so that a changed lock, not a changed date, makes a new environment.
.venv/.installed: requirements.txt
	@cmp -s requirements.txt $@ || { \
	  $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	    || { echo "TensorFlow needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }; \
	  echo "Making the environment in .venv (once; about three minutes)"; \
	  $(PYTHON) -m venv --clear .venv \
	    && $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt; }
	@cp requirements.txt $@

.PHONY: setup
setup: .venv/.installed ## Make the environment in .venv

.PHONY: models
models: setup ## Train and package the sample models into build/repository
	@$(RUN) -m models build

.PHONY: demo
demo: models ## Deploy both modes on this machine, predict over HTTP, show what came back
	@$(RUN) -m local demo

.PHONY: up
up: models ## Leave the API running on this machine until Ctrl-C
	@$(RUN) -m local up

.PHONY: test
test: models ## Run the tests
	@$(RUN) -m pytest

.PHONY: lint
lint: setup ## Format, lint, types and the arrows of the architecture
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/basedpyright --warnings
	@$(BIN)/lint-imports

.PHONY: lock
lock: setup ## Resolve pyproject.toml again into requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --group all --output-file requirements.txt

.PHONY: clean
clean: ## Remove what was built, the environment included
	rm -rf build .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

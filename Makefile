.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp holds the lock file's content, so a changed lock, not a changed date, makes a new environment.
.venv/.installed: requirements.txt
	@cmp -s requirements.txt $@ || { \
	  echo "Making the environment in .venv (about two minutes, once)"; \
	  $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	    || { echo "TensorFlow needs Python 3.11, 3.12 or 3.13; '$(PYTHON)' is $$($(PYTHON) -V). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }; \
	  $(PYTHON) -m venv --clear .venv && $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt; }
	@cp requirements.txt $@

.PHONY: setup
setup: .venv/.installed ## Make the environment in .venv

.PHONY: lock
lock: setup ## Resolve pyproject.toml again into requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --group all --output-file requirements.txt

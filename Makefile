.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python

# Tests and packaging start thousands of processes: each would compile the project's modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Python's word on this machine: TensorFlow has wheels for some versions and machines only.
define FITS
import platform, sys
machine, version = platform.system() + " " + platform.machine(), platform.python_version()
if not (3, 11) <= sys.version_info < (3, 14):
    sys.exit("TensorFlow needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is " + version + ". Try: make PYTHON=python3.12 $(MAKECMDGOALS)")
if machine not in ("Linux x86_64", "Linux aarch64", "Darwin arm64"):
    sys.exit("TensorFlow runs on Linux (x86-64, arm64) and on Macs with Apple silicon, and $(PYTHON) says that this is " + machine + ". Use the container in .devcontainer; on Windows, WSL.")
endef
export FITS

# Made anew when the lock's content changes, and when its packages were installed for another machine or Python.
.PHONY: setup
setup: ## Make the environment in .venv
	@cmp -s requirements-dev.txt .venv/.installed && $(RUN) -c 'import orjson' 2>/dev/null || { \
	  $(PYTHON) -c "$$FITS" \
	    && echo "Making the environment in .venv (once; about three minutes)" \
	    && $(PYTHON) -m venv --clear .venv \
	    && $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt \
	    && cp requirements-dev.txt .venv/.installed; }

.PHONY: models
models: setup ## Train and package the sample models into build/repository
	@$(RUN) -m models build

# STORAGE=efs (or s3files, image) puts the models elsewhere; DOCKER=1 runs functions as containers.
LOCAL_OPTIONS = $(if $(STORAGE),--storage $(STORAGE)) $(if $(DOCKER),--docker) $(if $(PORT),--port $(PORT))

.PHONY: demo
demo: models ## Deploy both modes on this machine, predict over HTTP, show what came back
	@$(RUN) -m local demo $(LOCAL_OPTIONS)

.PHONY: up
up: models ## Leave the API running on this machine until Ctrl-C
	@$(RUN) -m local up $(LOCAL_OPTIONS)

# ALL=1 throws all 56 switches, SETTINGS=1 changes every setting, MODELS=1 rolls versions out and back; RATE is in requests a second.
.PHONY: switch
switch: models ## Change a stack with Pulumi's engine while callers call it (four minutes)
	@$(RUN) -m local switch $(if $(ALL),--all) $(if $(SETTINGS),--settings) $(if $(MODELS),--models) \
	  $(if $(RATE),--requests-per-second $(RATE)) $(if $(PORT),--port $(PORT))

KILLS ?= 50

# TARGET=aws needs REGION and BUDGET, in US dollars; ONLY="case case" runs these cases alone.
# DOMAIN=models.example.com with CERTIFICATE, the ARN of its certificate, adds the case of a domain name.
TARGET ?= local

.PHONY: acceptance
acceptance: models ## Deploy the program case by case, hold what it promises, and take everything away (TARGET=local or aws)
	@$(RUN) -m acceptance --target $(TARGET) $(if $(REGION),--region $(REGION)) $(if $(BUDGET),--budget $(BUDGET)) \
	  $(if $(DOMAIN),--domain $(DOMAIN)) $(if $(CERTIFICATE),--certificate $(CERTIFICATE)) \
	  $(foreach case,$(ONLY),--only $(case))

.PHONY: kills
kills: models ## Kill `pulumi up` KILLS=50 times in each of three switches (an hour and a half)
	@$(RUN) -m tests.engine.kills --kills $(KILLS) $(if $(SEED),--seed $(SEED))

.PHONY: mishaps
mishaps: models ## Let each type of resource fail once at its creation, and delete it by hand
	@$(RUN) -W ignore -m tests.engine.mishaps $(if $(SHAPE),--shape "$(SHAPE)")

ROUNDS ?= 50

.PHONY: storms
storms: models ## Publish ROUNDS=50 times while S3 fails, workers or the sync are killed, or RATE many call (an hour)
	@$(RUN) -m tests.engine.storms --rounds $(ROUNDS) $(if $(RATE),--rate $(RATE)) $(if $(SEED),--seed $(SEED))

# Processes of pytest, each with rooms of tests of its own.
WORKERS ?= 2

# WHOLE=1 runs every case of tests that state a fact by a sample otherwise.
.PHONY: test
test: models ## Run the tests
	@$(RUN) -m pytest --numprocesses $(WORKERS) --dist loadscope --no-loadscope-reorder $(if $(WHOLE),--whole)

MINUTES ?= 10

.PHONY: fuzz
fuzz: models ## Send generated requests for MINUTES=10, and hold every answer against what must be
	@$(RUN) -m tests.hardening.fuzz --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

.PHONY: zoo
zoo: setup ## Make, package and serve every small model of the zoo, and compare all answers (ten minutes)
	@$(RUN) -m tests.models.zoo

.PHONY: lint
lint: setup ## Format, lint, types and the arrows of the architecture
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/basedpyright --warnings
	@$(BIN)/lint-imports

.PHONY: image
image: setup ## Build the container images with Docker
	@$(RUN) -m images build $(TARGETS) $(if $(BASE_IMAGE),--base-image $(BASE_IMAGE))

.PHONY: bench
bench: setup ## Measure everything and write docs/benchmarks.md (an hour on a quiet machine)
	@$(RUN) -m benchmarks

.PHONY: permissions
permissions: setup ## Write docs/permissions.md again: who needs which permissions
	@$(RUN) -m ops permissions

.PHONY: resources
resources: setup ## Write docs/resources.md again: what each stack creates, costs and deletes
	@$(RUN) -m ops resources

# LiteRT declares packages that its interpreter never imports; the image goes without them. TensorFlow is locked without
# this project's overrides, which are about what is installed here: an image for arm64 may be built anywhere.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
NOT_IMPORTED = backports-strenum colorama flatbuffers ml-dtypes protobuf tqdm typing-extensions

.PHONY: lock
lock: setup ## Resolve pyproject.toml again into every lock: development, deployment, images, policy
	$(LOCK) --group all --output-file requirements-dev.txt
	$(LOCK) --constraint requirements-dev.txt --group deploy --output-file requirements.txt
	$(LOCK) --no-annotate --constraint requirements-dev.txt --group handlers-litert \
	  $(NOT_IMPORTED:%=--no-emit-package %) --output-file handlers/requirements/litert.txt
	$(LOCK) --group policy --output-file policy/requirements.txt
	$(LOCK) --no-annotate --constraint requirements-dev.txt --group peers \
	  --output-file benchmarks/requirements/peers.txt
	sed -n 's/^\(onnxruntime==[^ ;]*\).*/\1/p' requirements-dev.txt \
	  | $(LOCK) --no-config --no-annotate --no-deps - --output-file handlers/requirements/onnxruntime.txt
	for package in tensorflow-cpu:amd64 tensorflow:arm64; do \
	  sed -n "s/^\($${package%:*}==[^ ;]*\).*/\1/p" requirements-dev.txt \
	    | $(LOCK) --no-config --no-annotate --no-deps - --output-file handlers/requirements/tensorflow-$${package#*:}.txt || exit 1; \
	done

.PHONY: clean
clean: ## Remove what was built, the environment included
	rm -rf build .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

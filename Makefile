# The commands of the project. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

export PYTHONDONTWRITEBYTECODE ?= 1

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}'

# --- Set-up ---------------------------------------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) tools/make_venv.py $(VENV)

$(STAMP): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the pinned packages …"
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: setup console model documents
setup: $(STAMP) console model ## Make .venv with everything in it, build the console, train the default model

console: $(STAMP) ## Build the web console if its sources changed
	@$(BIN)/python tools/build_console.py

model: $(STAMP) ## Train the default classifier if the corpus changed
	@$(BIN)/inquiry-router model train --if-stale --into services/classifier/model >/dev/null

documents: $(STAMP) ## Install what validates the AsyncAPI document, if its lock changed
	@$(BIN)/python tools/check_documents.py --install

# --- Use ------------------------------------------------------------------------------------------------------------

.PHONY: run
run: setup ## Start all three services with the demo company and print the console's address
	@exec $(BIN)/inquiry-router up --demo

# --- Checks ---------------------------------------------------------------------------------------------------------

.PHONY: test test-system crash chaos lint format types arch openapi asyncapi check
test: setup documents ## Run the tests (unit, contract, property, adapter, three crash rounds)
	@$(BIN)/pytest -q -m "not system"
	@$(BIN)/python tools/build_console.py --check
	@$(BIN)/python tools/check_documents.py

test-system: setup documents ## Run the tests with real processes and a real browser
	@$(BIN)/pytest -q -rs -m system

crash: setup ## Kill the product 20 times under load and look for what was lost or doubled
	@$(BIN)/python -m bench.crash --rounds 20 --result bench/crash.json

chaos: setup ## Kill the services apart a hundred times on Kafka under load and judge every promise; writes bench/chaos.json
	@$(BIN)/python -m bench.chaos --rounds 100 --result bench/chaos.json --history $${TMPDIR:-/tmp}/chaos-history.jsonl

lint: $(STAMP) ## Check style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(STAMP) ## Mend style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(STAMP) ## Check types, strictly
	@$(BIN)/mypy

arch: $(STAMP) ## Check who may import whom
	@$(BIN)/lint-imports --no-cache

openapi: $(STAMP) ## Write the API document that the console's types come from
	@$(BIN)/inquiry-router openapi > services/router/console/openapi.json

asyncapi: $(STAMP) ## Write the description of the event log
	@$(BIN)/inquiry-router asyncapi > docs/asyncapi.yaml

check: lint types arch test ## All checks of a change

# --- Measure --------------------------------------------------------------------------------------------------------

.PHONY: bench lock
bench: setup ## Measure latency, rates and memory; writes bench/latest.json
	@$(BIN)/python -m bench.pipeline

lock: ## Pin every package again
	@$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock

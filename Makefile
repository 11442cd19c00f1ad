# Everything a newcomer needs: `make demo` and `make test` set up what is missing by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CODE := schemas runtime producers streams consumers audit deploy tests benchmarks docs
RECORDS ?=
WORKERS ?= 3

.PHONY: help setup demo up quick test check chaos bench bench-report docs schema tour model mutants fence fence-mutants hostile holding lock lock-schemas clean

help:  ## say what each target does
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 16

setup: $(STAMP)  ## install the locked requirements into .venv

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Recordgate needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: setup  ## run the main job on sample records (RECORDS=path for others), embedded servers, ends by itself
	@$(BIN)/recordgate demo $(if $(RECORDS),--records $(RECORDS))

up: setup  ## run every process on this machine until Ctrl-C
	@$(BIN)/recordgate up

quick: setup  ## the tests that need no server, in under a minute
	$(BIN)/python -m pytest tests/unit tests/contract tests/architecture tests/spec

test: setup  ## all tests, the quick ones first, on real Kafkas and PostgreSQLs, one of each for each of WORKERS
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: setup  ## format, lint, types, import contracts
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/mypy tests benchmarks
	$(BIN)/lint-imports

chaos: setup  ## the long kill test; `make chaos SHORT=1` is the one `make test` runs
	RECORDGATE_CHAOS=$(if $(SHORT),short,long) $(BIN)/python -m pytest tests/e2e/test_kill.py -s

bench: setup  ## measure rate and latency, write benchmarks/results/*.json
	$(BIN)/python -m benchmarks $(if $(SHORT),--short)

bench-report: setup  ## print every target beside the last committed figures
	@$(BIN)/python -m benchmarks.report

docs: setup  ## write docs/reference from the code, and docs/reliability.md
	$(BIN)/python -m docs.generate

schema: setup  ## write docs/reference/schema-*.sql from freshly migrated databases
	$(BIN)/python -m docs.schema

tour: setup  ## take the information-governance lead's tour anew and write docs/tour.md
	$(BIN)/python docs/tour.py

model: setup  ## compare the rules with the auditor's model over a million random histories
	$(BIN)/python -m tests.reference --cases 1000000

mutants: setup  ## break the rules on purpose, count what tests notice (about ten minutes)
	$(PYTHON) -m venv .venv-mutants
	.venv-mutants/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tests/mutation/requirements.lock
	.venv-mutants/bin/python -m tests.mutation
	$(BIN)/python -m pytest tests/mutation/tables.py

fence: setup  ## visit every state of the fence's machines (about five minutes)
	RECORDGATE_LONG=1 $(BIN)/python -m pytest tests/model/test_fence_model.py

fence-mutants: setup  ## break each line that keeps a rule of the fence, run its test (about ten minutes)
	$(BIN)/python -m tests.mutation.fence

hostile: setup  ## 100,000 valid, hostile and mutated records through everything; RECORDGATE_SEED repeats a run
	RECORDGATE_HOSTILE=100000 $(BIN)/python -m pytest tests/e2e/test_hostile.py -s

holding: setup  ## measure what is held without need and write docs/over-holding.md
	$(BIN)/python -m benchmarks.holding $(if $(DATA),--data $(DATA))

lock: setup  ## resolve requirements anew: hashes, no addresses
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --python-version 3.11 --all-extras pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --python-version 3.11 tests/mutation/requirements.in -o tests/mutation/requirements.lock

lock-schemas: setup  ## write the fingerprints of all schema files into schemas.lock
	$(BIN)/python -m docs.lock_schemas

clean:  ## remove the environment and the embedded servers' data
	rm -rf $(VENV) .recordgate

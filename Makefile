# QuantDesk. `make run` needs Python 3.11+ and make; everything else is fetched, pinned and kept in .venv and .js.

PYTHON ?= python3
PY := .venv/bin/python
BENCH ?= startup tick order chain
MUTANTS ?= 12
.PHONY: run test check bench program rust mutants crash lockstep attacks fuzz test-validator test-anchorpy clean help install install-dev

run: install  ## Install what is missing, build the front end once, start the whole world
	@$(PY) -m quantdesk up

test: check  ## Check everything, then run every test
	@$(PY) -m pytest

check: install-dev  ## Format, lint, types, arrows between rooms, house rules
	@$(PY) -m ruff format --check --quiet . && $(PY) -m ruff check --quiet . && $(PY) -m mypy --no-error-summary && .venv/bin/lint-imports && $(PY) -m pytest -q tests/architecture

bench: install  ## Measure start, tick and order path: make bench BENCH="tick order"
	@$(PY) -m quantdesk bench $(BENCH) --json

program: install  ## Build the on-chain program into programs/artifacts (SBF_TOOLS=path to the compiler)
	@SBF_TOOLS=$(SBF_TOOLS) $(PY) programs/build.py

rust:  ## Check the programs' sources: format, clippy without a warning, cargo test
	@cd programs && cargo fmt --all -- --check && cargo clippy -q --locked --all-targets -- -D warnings && cargo test -q --locked

mutants: install-dev  ## Tell so many lies of each kind and see who catches them: MUTANTS=all takes half an hour
	@$(PY) -m tests.domain.mutants $(MUTANTS) && $(PY) -m tests.program.mutants $(MUTANTS)
	@if [ -n "$(SBF_TOOLS)" ]; then SBF_TOOLS=$(SBF_TOOLS) $(PY) -m tests.program.built_mutants $(MUTANTS); fi

crash: install-dev  ## Kill -9 every piece 20 times in the middle of an order
	@QD_CRASH_DRAWS=20 $(PY) -m pytest -q tests/end_to_end/test_kill.py

lockstep: install-dev  ## 200,000 random steps: program and Python twin agree to the bit
	@QD_LOCKSTEP_STEPS=200000 $(PY) -m pytest -q tests/domain/test_lockstep.py

fuzz: export QD_FUZZ_STEPS ?= 1000000
fuzz: install-dev  ## State machine, then walks with the exact shadow, about an hour: make fuzz [QD_FUZZ_STEPS= QD_FUZZ_SEED= QD_FUZZ_FROM=]
	@$(PY) -m tests.exchange.machine && $(PY) -m tests.exchange.million

attacks: install-dev  ## A thousand draws of each of twelve real attacks on the twin
	@QD_ATTACK_DRAWS=1000 $(PY) -m pytest -q tests/exchange_attacks

test-validator: install-dev  ## Deploy, smoke and judge on a real validator (QD_VALIDATOR, or one on PATH)
	@$(PY) -m pytest -q -rs tests/end_to_end/test_validator.py tests/world/chain/test_against_validator.py tests/world/chain/test_judge.py

test-anchorpy: install-dev  ## An anchorpy 0.21 script trades on the local chain, in an environment of its own
	@QD_ANCHORPY=1 $(PY) -m pytest -q -rs tests/adapters/chain/test_anchorpy.py

clean:  ## Remove what was built or installed; a world's data in .quantdesk stays
	@rm -rf .venv .js .web .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache quantdesk.egg-info

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1	\2/'

install:  # runtime packages
	@$(PYTHON) quantdesk/world/install.py runtime

install-dev:  # runtime and test packages
	@$(PYTHON) quantdesk/world/install.py development

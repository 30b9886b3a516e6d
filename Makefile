# ALL-USE Desk. `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# What `make run NAME=value` passes on; unset ones take the defaults of .env.example.
export FEED BROKER BROKER_PORT HOST PORT SOCKET_PORT VAR_DIR DATABASE_URL REDIS_URL LOG_LEVEL ALLOWED_HOSTS TRADING_MODE

VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_WORKERS ?= 2
CHECK_ENV := SECRET_KEY=check DATABASE_URL=postgresql://check:check@127.0.0.1:1/check REDIS_URL=redis://127.0.0.1:1/0

.PHONY: help
help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(if $(filter %-sim,$(BROKER)),venv-dev,venv)  ## Start the whole desk: make run [FEED=sim|replay:PATH|none] [BROKER=ibkr-sim] [PORT=8000]
	@exec $(BIN)/python -m allcore.embedded.run

.PHONY: passwords
passwords: venv  ## Make and print new passwords for the demo's people (the desk may run)
	@$(BIN)/python -m allcore.embedded.manage new_passwords

.PHONY: manage
manage: venv  ## Run a command of manage.py on the data of make run: make manage DO="verify_audit"
	@$(BIN)/python -m allcore.embedded.manage $(DO)

.PHONY: venv
venv:
	@scripts/venv $(VENV) requirements.txt

.PHONY: venv-dev
venv-dev:
	@scripts/venv $(VENV) requirements-dev.txt

.PHONY: test
test: check  ## Check and test everything, browser included
	@scripts/chromium
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -q -m "not browser and not judge"
	@# Apart: Playwright's synchronous API keeps a loop running, in which no asynchronous test can run.
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -q -m browser || \
		{ echo "Once more, one by one, what failed: a browser on a busy machine may outlast a test's patience."; \
		  $(BIN)/python -m pytest -q -m browser --last-failed --last-failed-no-failures none; }

.PHONY: check
check: venv-dev  ## Format, lint, types, architecture, templates, spelling, migrations
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(CHECK_ENV) $(BIN)/lint-imports --no-cache
	@$(CHECK_ENV) $(BIN)/mypy .
	@$(BIN)/djlint templates --check --lint
	@$(BIN)/codespell
	@$(CHECK_ENV) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

.PHONY: fmt
fmt: venv-dev  ## Format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/djlint templates --reformat --quiet || true

.PHONY: bench
bench: venv-dev  ## Measure: make bench NAME=orders
	@test -n "$(NAME)" || { echo "Which? make bench NAME=..., one of:" $$(ls benchmarks | sed -n 's/^\([a-z]*\)\.py$$/\1/p'); exit 2; }
	@$(BIN)/python -m benchmarks.$(NAME)

.PHONY: judges
judges: venv-dev  ## Let client libraries written by others judge the test servers
	@$(BIN)/python -m pytest -q -m judge tests/brokers/judges
	@scripts/certify-ib-insync

.PHONY: chaos
chaos: venv-dev  ## Kill, pause and restart everything while orders go out: make chaos [ORDERS=3000 SECONDS=600 SEED=1]
	@env -u DATABASE_URL -u REDIS_URL $(BIN)/python -m tests.chaos.run

.PHONY: storm
storm: venv-dev  ## Approve and order from many threads with colliding keys: make storm [ORDERS=10000]
	@env -u DATABASE_URL -u REDIS_URL $(BIN)/python -m tests.chaos.storm

.PHONY: lock
lock: venv-dev  ## Write the exact versions and hashes of requirements*.in
	@scripts/lock $(VENV)

.PHONY: static
static:  ## Fetch the browser's libraries again, as static/vendor/lock.json says
	@$(BIN)/python scripts/vendor-static

.PHONY: hooks
hooks: venv-dev  ## Install the git hooks
	@$(BIN)/pre-commit install --hook-type pre-commit --hook-type commit-msg

# One command each; `make help` lists them. Needs Python 3.11 or newer and nothing else.
PYTHON ?= python3
PORT ?= 8000
PY := .venv/bin/python
UV := $(shell command -v uv 2>/dev/null)
CHROMIUM := $(shell command -v chromium 2>/dev/null)

# A stamp carries the checksum of its lock: unchanged locks install nothing and need no network.
RUNTIME := .venv/.runtime-$(shell cksum < requirements.lock | cut -d' ' -f1)
DEV := .venv/.dev-$(shell cat requirements.lock requirements-dev.lock | cksum | cut -d' ' -f1)

ifdef UV
  VENV := $(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
  INSTALL := $(UV) pip install --quiet --python $(PY) --require-hashes -r
else
  VENV := $(PYTHON) -m venv .venv
  INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r
endif

.PHONY: help install run test lint types messages lock sbom bench clean
.DEFAULT_GOAL := help

help: ## List the commands
	@grep -hE '^[a-z]+:.*## ' Makefile | sed 's/:.*## /|/' | while IFS='|' read -r name text; do printf '  make %-9s %s\n' "$$name" "$$text"; done

$(RUNTIME): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one: make PYTHON=python3.11")'
	@echo "Installing the runtime packages into .venv …"
	@test -x $(PY) || $(VENV)
	@$(INSTALL) requirements.lock
	@rm -f .venv/.runtime-* && touch $@

$(DEV): $(RUNTIME) requirements-dev.lock
	@echo "Installing the development packages into .venv …"
	@$(INSTALL) requirements-dev.lock
	@rm -f .venv/.dev-* && touch $@

install: $(DEV) ## Make .venv with everything that development needs

run: $(RUNTIME) ## Start the desk with demo data on 127.0.0.1:8000 (PORT=8001 for another port)
	@secrets=$$($(PY) -m icpportal.local_env) && eval "$$secrets" && \
	export DEBUG= SECURE_SSL_REDIRECT=0 DEMO=1 'ALLOWED_HOSTS=localhost,127.0.0.1,[::1]' SITE_URL=http://127.0.0.1:$(PORT) && \
	$(PY) manage.py migrate --verbosity 0 && \
	$(PY) manage.py load_demo --address http://127.0.0.1:$(PORT) && \
	exec $(PY) -m gunicorn icpportal.wsgi:application --bind 127.0.0.1:$(PORT)

test: $(DEV) ## Run the tests on SQLite and in Chromium, then on PostgreSQL (DATABASE_URL, or one of its own)
	@$(if $(CHROMIUM),,echo "Browser tests left out: install chromium (apt-get install chromium)")
	env -u DATABASE_URL $(if $(CHROMIUM),,NO_BROWSER=1) $(PY) -m pytest -n 2
	@export NO_BROWSER=1; if [ -n "$$DATABASE_URL" ]; then set -x; $(PY) -m pytest -n 2; \
	else set -x; $(PY) tests/with_pg.py pytest -n 2; fi

lint: $(DEV) ## Check style and format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(DEV) ## Check the types
	$(PY) -m mypy

messages: $(DEV) ## Update and compile the Chinese message catalogue
	$(PY) -m icpportal.messages

lock: ## Renew the lock files (needs uv)
	uv pip compile -q pyproject.toml --upgrade --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" -o requirements.lock
	uv pip compile -q pyproject.toml --extra dev -c requirements.lock --upgrade --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" -o requirements-dev.lock
	uv pip compile -q pyproject.toml --extra tencent -c requirements-dev.lock --upgrade --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" -o requirements-tencent.lock
	echo cyclonedx-bom | uv pip compile -q - --upgrade --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" -o requirements-sbom.lock

sbom: $(RUNTIME) ## Write the bill of materials of requirements.lock (CycloneDX) to var/sbom.json
	@test -x .venv/sbom/bin/cyclonedx-py || { $(PYTHON) -m venv .venv/sbom && \
	.venv/sbom/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-sbom.lock; }
	@mkdir -p var
	.venv/sbom/bin/cyclonedx-py requirements requirements.lock --output-reproducible --of JSON -o var/sbom.json

bench: $(DEV) ## Run the benchmarks on a PostgreSQL that writes durably
	$(PY) tests/with_pg.py --fsync python -m bench

clean: ## Remove the environment and every cache; var/ with its data and secrets stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

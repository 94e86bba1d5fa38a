# Everything a checkout needs, by itself: `make serve`, `make test`, `make lint`, `make bench`.
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
BIN := .venv/bin
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
# Node 20.19 is what Vite asks for; where the system has none, the wheel in .venv brings one.
NODE_READY = node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a == 20 && +b >= 19) ? 0 : 1)'
IN_VENV := PATH="$(CURDIR)/$(BIN):$$PATH"
NPM := $(IN_VENV) npm

TO_SERVE := postgresql postgresql-postgis postgresql-pgrouting python3-venv \
	libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk
TO_TEST := chromium gdal-bin iproute2 poppler-utils redis-server
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print) \
	$(wildcard gridserver/dispatch/texts/*.json)

.PHONY: help serve test e2e fault lint bench types pictures lock audit system system-test web clean

help: ## Show the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | column -t -s "$$(printf '\t')"

serve: system web ## Set everything up and serve the demo county on http://localhost:8000/
	@exec $(BIN)/gridserver serve $(ARGS)

test: system-test web ## Run every test, browser tests included
	$(NPM) --prefix web run test
	$(IN_VENV) python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

e2e: system-test web ## Run the browser tests alone
	$(IN_VENV) python -m pytest tests/e2e $(ARGS)

fault: system-test .venv/.ready ## Break a whole installation for half an hour; nothing may be lost (docs/faults.md)
	$(IN_VENV) python -m tests.fault.run $(ARGS)

lint: .venv/.ready web/node_modules/.package-lock.json ## Check style, types and the doors between rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) --prefix web run lint

bench: system-test web bench/node_modules/.package-lock.json ## Run the benchmarks; each prints ratios to a floor measured in the same run
	@for script in bench/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script; done

types: .venv/.ready ## Write the OpenAPI description and the front end's types from it
	$(BIN)/gridserver openapi > web/openapi.json
	$(NPM) --prefix web run types

pictures: system-test web ## Make the docs' pictures; needs `make serve` running beside it
	$(BIN)/python -m docs.pictures $(ARGS)

lock: .venv/.ready ## Renew requirements.lock, for every Python from 3.11 on
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-emit-find-links --extra dev --output-file requirements.lock pyproject.toml

# Each is asked, whatever the one before found. (pip-audit is of use to nobody but who runs this, so
# no lock has it.)
audit: .venv/.ready ## Look all locked packages up in the advisory databases (needs the internet)
	@found=0; \
	$(BIN)/uv tool run pip-audit@2.10.1 --strict --require-hashes --disable-pip \
		-r requirements.lock -r web/node.lock || found=1; \
	for lock in web/package-lock.json bench/package-lock.json; do \
		echo "== $$lock"; $(NPM) --prefix $$(dirname $$lock) audit || found=1; \
	done; \
	exit $$found

clean: ## Remove what was built; the county in var/ stays
	rm -rf .venv web/node_modules web/dist

system: ; @$(call install,$(TO_SERVE))
system-test: ; @$(call install,$(TO_SERVE) $(TO_TEST))

web: .venv/.ready web/dist/index.html

.venv/.ready: requirements.lock setup.cfg pyproject.toml | system
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gridserver needs Python 3.11 or newer; name it: make PYTHON=python3.12")'
	[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	$(NODE_READY) 2>/dev/null || $(BIN)/pip install --quiet --require-hashes -r web/node.lock
	touch $@

web/node_modules/.package-lock.json: web/package.json web/package-lock.json | .venv/.ready
	$(NPM) --prefix web ci --no-audit --no-fund
	touch $@

bench/node_modules/.package-lock.json: bench/package.json bench/package-lock.json | .venv/.ready
	$(NPM) --prefix bench ci --no-audit --no-fund
	touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	$(NPM) --prefix web run build
	touch $@

# $(1): Debian packages. Installs those that are missing; never makes a system cluster.
define install
missing=$$(for package in $(1); do dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done); \
if [ -n "$$missing" ]; then \
	echo "Installing" $$missing; \
	if [ ! -e /etc/postgresql-common/createcluster.conf ]; then \
		$(SUDO) mkdir -p /etc/postgresql-common; \
		echo 'create_main_cluster = false' | $(SUDO) tee /etc/postgresql-common/createcluster.conf >/dev/null; \
	fi; \
	$(SUDO) apt-get update -qq; \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		-o Dpkg::Options::=--force-confold $$missing >/dev/null \
		|| { echo "apt-get could not install:" $$missing >&2; exit 1; }; \
fi
endef

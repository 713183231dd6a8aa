.PHONY: demo test hooks clean

PYTHON ?= python3
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
BIN := .venv/bin

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[test]"
	touch $@

demo: .venv/installed  ## fill the gaps of a generated sample and score the result
	$(BIN)/latentfill demo -o demo

test: .venv/installed-test  ## the whole test suite, a process for each core; its networks are too small to gain from threads
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

hooks: .venv/installed-test  ## format, lint and types, as in CI
	$(BIN)/pre-commit run --all-files --show-diff-on-failure

clean:
	rm -rf .venv demo build dist

.PHONY: demo test coverage audit hooks oldest clean

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

# A process for each core, as the networks of the tests are too small to gain from threads, and bytecode for the processes
# that tests start. Tests come in a random order, which is that of the seed; pytest prints it.
SEED ?= 21
SUITE := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist loadfile -p randomly --randomly-seed=$(SEED)

test: .venv/installed-test  ## the whole test suite
	$(SUITE)

coverage: .venv/installed-test  ## the same, and fails if too few lines or branches are run; it takes a third longer
	$(SUITE) --cov --cov-report=json:.coverage.json
	$(BIN)/python .ci/coverage_floor.py .coverage.json

audit:  ## known security problems of the pinned dependencies; asks the Python Packaging Advisory Database
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/pip install --quiet --disable-pip-version-check pip-audit
	.venv-audit/bin/pip-audit --disable-pip --no-deps -r constraints.txt

hooks: .venv/installed-test  ## format, lint and types, as in CI
	$(BIN)/pre-commit run --all-files --show-diff-on-failure

# What needs neither a network nor the optional packages for language models; warnings of old packages are no errors.
SMOKE := tests/core tests/kinds tests/nn tests/strategies/test_common.py tests/tables tests/windows tests/imputation/test_imputer.py
TOOLS := pytest==9.2.0 pytest-timeout==2.4.0 hypothesis==6.170.15 pandas==2.2.0 polars==2.1.0

oldest:  ## the oldest version of every dependency that pyproject.toml allows, and the tests of the core with them
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/pip install --quiet --disable-pip-version-check uv
	.venv-oldest/bin/uv pip install --python .venv-oldest --resolution lowest-direct -e ".[excel,faiss,report]" $(TOOLS)
	OMP_NUM_THREADS=1 .venv-oldest/bin/python -m pytest -o filterwarnings= $(SMOKE) \
		--deselect tests/core/test_settings_base.py::test_a_setting_becomes_a_flag_with_help_and_default  # typer's older layout

clean:
	rm -rf .venv .venv-audit .venv-oldest .coverage .coverage.json demo build dist site

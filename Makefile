PYTHON ?= python3
BIN := .venv/bin
DEMO_CUSTOMERS ?= 20000
DEMO_PERIOD ?= 2026-Q3
DEMO_PORT ?= 8000
WORKERS ?= auto
LOCK := uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11
# What runs for a company, and so is in the image.
RUNS := --extra report --extra identity --extra text --extra exchange --extra web --extra postgresql --extra connectors

# What is begun anew some hundred times in the tests should not be compiled each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-postgresql lint format bench docs build lock clean

setup: .venv/.ready

.venv/.ready: requirements.txt pyproject.toml
	sh scripts/system-packages venv pango
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Spark's own tests run where Java is; elsewhere they say that they are skipped.
.venv/.spark: .venv/.ready requirements-spark.txt
	if command -v java > /dev/null; then $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.txt; fi
	touch $@

demo: setup
	rm -rf demo
	$(BIN)/septima demo demo --customers $(DEMO_CUSTOMERS) --seed 7
	$(BIN)/septima compute demo --grain quarter
	$(BIN)/septima scorecard demo --period $(DEMO_PERIOD)
	$(BIN)/septima report demo --period $(DEMO_PERIOD) --format html
	$(BIN)/septima report demo --period $(DEMO_PERIOD) --format pdf
	$(BIN)/septima report demo --period $(DEMO_PERIOD) --format xlsx
	$(BIN)/septima report demo --models --format html
	$(BIN)/septima serve demo --port $(DEMO_PORT)

test: setup .venv/.spark
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup

# The site's tests once more, on Debian's PostgreSQL.
test-postgresql: setup
	sh scripts/system-packages postgresql
	sh scripts/with-postgresql $(BIN)/pytest tests/web -n $(WORKERS) --dist loadgroup

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-cache

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup
	$(BIN)/python -m benchmarks

docs: setup
	$(BIN)/mkdocs build --strict

build: setup
	$(BIN)/python -m build --no-isolation

lock:
	$(LOCK) $(RUNS) --extra docs --extra dev pyproject.toml -o requirements.txt
	$(LOCK) --extra spark -c requirements.txt pyproject.toml -o requirements-spark.txt
	$(LOCK) $(RUNS) -c requirements.txt pyproject.toml -o deploy/requirements.txt
	printf 'build\nhatchling\n' | $(LOCK) -c requirements.txt - -o deploy/requirements-build.txt

clean:
	rm -rf .venv demo dist site

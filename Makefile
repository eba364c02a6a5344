# ReleaseDesk: every command there is. PORT, HOST, DESK_HOME and DATABASE_URL are honoured by all of them.
.POSIX:
.SILENT:
.PHONY: help setup run stop test check bench judge-report requirements chromium

PYTHON = python3
BIN = .venv/bin
STAMP = .venv/installed
RUNS = .venv/runs
# What was compiled to bytecode once is kept, whatever the shell says: the tests alone start hundreds of processes.
# `setup` compiles what nearly all of them import, and each other module is compiled by the first that imports it.
export PYTHONDONTWRITEBYTECODE =
SELDOM = /(tests|pip|setuptools|mypyc?|pandas|statsmodels)/
# Each list of requirements is whole.
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
WHOLE = --no-deps --require-hashes
JOBS = auto
ARGS =
COMPILE = $(BIN)/uv pip compile pyproject.toml --extra cli --extra server --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url --quiet

help: ## this list
	sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-14s%s\n", $$1, $$2 }'

setup: $(STAMP) ## install everything into .venv

$(STAMP): $(RUNS) deploy/requirements-dev.txt
	$(PIP) $(WHOLE) -r deploy/requirements-dev.txt
	$(BIN)/python -m compileall -q -j 0 -x '$(SELDOM)' .venv/lib releasedesk
	touch $(STAMP)

# What runs a desk and no more: a first `make run` has less than half to install, and two hands to do it.
$(RUNS): deploy/requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("ReleaseDesk needs Python 3.11 or newer, and $(PYTHON) is %d.%d; name another with make setup PYTHON=..." % sys.version_info[:2])'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	sed -n '/^setuptools==/,/[^\\]$$/p' deploy/requirements-dev.txt > .venv/builds.txt
	awk '/^[^ ]/ { n++ } { print > (".venv/half" n % 2 ".txt") }' deploy/requirements.txt
	$(PIP) $(WHOLE) -r .venv/half0.txt & \
	$(PIP) $(WHOLE) -r .venv/builds.txt -r .venv/half1.txt && $(PIP) --no-deps --no-build-isolation -e . && wait $$!
	touch $(RUNS)

run: $(RUNS) ## serve the desk, with demo data if the database is empty
	$(BIN)/python manage.py serve

stop: ## end what runs
	if [ -x $(BIN)/python ]; then $(BIN)/python manage.py stop; else echo "Nothing runs here."; fi

# The browser apart, for it leaves an event loop behind. Exit status 5: ARGS have chosen none of these.
test: $(STAMP) chromium ## run all tests; ARGS="tests/operations -k ready" runs some
	$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 4 --dist loadgroup -m "not browser" $(ARGS) || test $$? -eq 5
	$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 4 --dist worksteal -m browser $(ARGS) || test $$? -eq 5

chromium:
	sh deploy/chromium.sh

# The types take longest, and say nothing until they are through: the rest is said meanwhile.
check: $(STAMP) ## linters, types, contracts, migrations, production settings
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +
	$(BIN)/mypy --no-error-summary --num-workers 2 & types=$$!; status=0; \
	{ $(BIN)/lint-imports --no-logo && $(BIN)/python manage.py makemigrations --check --dry-run && \
		sh deploy/check-production.sh $(BIN)/python; } || status=$$?; \
	wait $$types && exit $$status

bench: $(STAMP) ## the benchmarks, one after the other
	status=0; for bench in tests/benchmarks/bench_*.py; do echo "== $$bench"; PYTHONPATH=. $(BIN)/python $$bench || status=1; done; exit $$status

judge-report: $(STAMP) ## simulate anew how often the judge is right, into docs/judge.md
	$(BIN)/python -m tests.measurements.judge.simulate

requirements: $(STAMP) ## pin anew what pyproject.toml allows
	$(COMPILE) --upgrade -o deploy/requirements.txt
	$(COMPILE) --upgrade --group dev -c deploy/requirements.txt -o deploy/requirements-dev.txt

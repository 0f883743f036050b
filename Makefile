# The two commands of the README, and their clean-up.
#
#   make verify   set up .venv, run the main job, write reports/; fails if pmicheck does, whose exit code is printed
#   make test     set up .venv, run linters, types and all tests
#   make bench    set up .venv, measure pmicheck beside rumur and SPIN (both must be there), write benchmarks/README.md
#   make clean    remove what the two made
#
# Needs CPython >= 3.11, make and a Python package index. A C compiler is used if there is one. make itself ends with 2
# whenever a recipe fails; the exit code of pmicheck stands in its last line ("Error N").

VENV := .venv
STAMP := $(VENV)/.pmicheck-installed
PYTHON ?= $(shell for name in python3 python3.11 python3.12 python3.13 python3.14; do \
	  "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
SOURCES := pyproject.toml $(wildcard setup.py pmicheck/explore/kernel/*.c pmicheck/explore/kernel/*.h pmicheck/explore/build_kernel.py)

.PHONY: verify test bench clean
.DELETE_ON_ERROR:

verify: $(STAMP)
	$(VENV)/bin/pmicheck verify --baseline baseline.toml --json reports/record.json --workers 2 --no-cache \
	  || { code=$$?; test ! -f reports/record.json || $(VENV)/bin/pmicheck report reports/record.json --report reports; \
	       exit $$code; }
	$(VENV)/bin/pmicheck review reports/record.json --report reports --workers 2
	$(VENV)/bin/python -m pmicheck.report.draft_map docs/draft-map.md reports/record.json

# Workers take the files in order: tests/analysis, which takes longest, comes first, and short files come last.
test: $(STAMP)
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

bench: $(STAMP)
	$(VENV)/bin/python -m benchmarks

# A .venv made by hand, or left by another interpreter, is used if it works and made anew if it does not.
$(STAMP): $(SOURCES)
	@test -n "$(PYTHON)" || { echo "no Python >= 3.11 found; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(VENV)/bin/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	  || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis reports/record.json
	rm -f pmicheck/explore/_kernel.c pmicheck/explore/*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

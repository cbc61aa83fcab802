# `make run` and `make test` need nothing but Python 3.11–3.14, with its venv module.

# PYTHON=/path/to/python3.13 chooses the one that makes .venv.
PYTHON =
PYTHONS = python3 python3.14 python3.13 python3.12 python3.11
# Half of a .venv may hold no more than a link to the Python of the system.
OURS = import sys; assert sys.prefix != sys.base_prefix
FITS = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))

PY = .venv/bin/python
INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes
# Written last, so that whatever broke off half-way is done again.
RUNTIME = .venv/.requirements
DEV = .venv/.requirements-dev
COMPILE = $(PY) -m piptools compile --quiet --strip-extras --allow-unsafe \
	--generate-hashes --no-header --no-annotate --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host

.DEFAULT_GOAL = help
.PHONY: help setup run demo test check lint types format bench icons screenshots dist requirements clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)$$/make \1|\2/p' Makefile | \
		while IFS='|' read -r name text; do printf '%-18s%s\n' "$$name" "$$text"; done

setup: $(DEV) ## Install everything into .venv, development tools too

run: $(RUNTIME) ## Run the server (ARGS= for app.py; settings are HOSTADMIN_…)
	@$(PY) app.py --prepare $(ARGS)

demo: $(RUNTIME) ## Run the server with made-up hosts in a separate database
	@$(PY) app.py --demo $(ARGS)

test: $(DEV) ## Run the tests (ARGS= for pytest)
	@$(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist loadgroup $(ARGS)

check: lint types ## Check style, spelling, layers and types

lint: $(DEV) ## Check style, spelling and layers
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) .venv/bin/lint-imports
	@$(PY) -m djlint --lint --quiet templates
	@$(PY) .venv/bin/codespell

types: $(DEV) ## Check types
	@$(PY) -m mypy

format: $(DEV) ## Sort imports and format the code
	@$(PY) -m ruff check --fix --quiet --select I,RUF022 .
	@$(PY) -m ruff format .

bench: $(DEV) ## Measure speed (ARGS= for tests.bench)
	@$(PY) -m tests.bench $(ARGS)

icons: $(DEV) ## Draw the icons of the pages again
	@$(PY) -m tests.icons

screenshots: $(DEV) ## Take the pictures of the README again
	@$(PY) -m tests.screenshots

dist: $(DEV) ## Build a wheel into dist/
	@$(PY) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@rm -rf build hostadmin.egg-info
	@ls dist/*.whl

requirements: $(DEV) ## Pin the requirements again (ARGS=--upgrade for newer ones)
	$(COMPILE) $(ARGS) --output-file requirements.txt requirements.in
	$(COMPILE) $(ARGS) --output-file requirements-dev.txt requirements-dev.in

clean: ## Remove .venv and caches; the data in instance/ stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A .venv whose Python went away (an upgrade of the system) is made anew.
ifeq ($(shell test -x $(PY) && echo usable),)
$(RUNTIME): remake
.PHONY: remake
remake:
endif

$(RUNTIME): requirements.txt
	@if ! $(PY) -c 'import pip; $(OURS); $(FITS)' 2>/dev/null; then \
		set -- $(PYTHONS); \
		test -z '$(PYTHON)' || set -- '$(PYTHON)'; \
		fitting=; chosen=; \
		for python in "$$@"; do \
			"$$python" -c '$(FITS)' 2>/dev/null || continue; \
			fitting="$$python"; \
			"$$python" -c 'import ensurepip, venv' 2>/dev/null || continue; \
			chosen="$$python"; break; \
		done; \
		if test -z "$$fitting"; then \
			echo 'hostadmin needs Python 3.11–3.14. On Debian: apt install python3' \
				'python3-venv. One in another place: make run PYTHON=/path/to/python3' >&2; \
			exit 1; \
		fi; \
		if test -z "$$chosen"; then \
			echo "$$fitting lacks the venv module. On Debian: apt install python3-venv" >&2; \
			exit 1; \
		fi; \
		"$$chosen" -m venv --clear .venv || exit 1; \
	fi
	@echo 'Installing the requirements into .venv (once, takes about a minute).' >&2
	@$(INSTALL) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo 'Installing the development tools into .venv (once, takes about a minute).' >&2
	@$(INSTALL) -r requirements-dev.txt
	@touch $@

# make demo   reconstructs an undersampled brain scan and names the pictures and the page to open
# make test   runs the linter, the formatter, the type checker and all tests
# make docs   builds the documentation site into build/site; warnings are errors
# make isolation [PACKAGES="changed" or folders]   each package as a wheel, alone in a fresh environment; all if not given
# make mutants [ONLY="words"]   changes the listed behaviours one by one: would a test notice?
# make malformed [COUNT=10000] [SEED=0]   malformed inputs over all readers, configurations and weights: one clear error each?
# make lowest [EXCEPT="names"]   all tests with the lowest versions that the packages promise (the pinned ones of EXCEPT), in an environment of its own
# make env    the part that all share; a second call installs nothing
PYTHON ?= python3
ENV := .venv
BIN := $(ENV)/bin
ALL := core sdk $(wildcard plugins/*/*)
EDITABLE := $(foreach p,$(ALL),-e ./$(p))
SOURCES := $(wildcard $(addsuffix /src,$(ALL)))
METHODS := $(filter-out plugins/foundation/%,$(wildcard plugins/*/*/tests))
STAMP := $(ENV)/installed

.PHONY: env demo test lint types docs isolation mutants malformed lowest clean
env: $(STAMP)

$(STAMP): constraints.txt Makefile $(foreach p,$(ALL),$(p)/pyproject.toml)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mridiff needs Python 3.11 or newer; give it as make PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(ENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $$(grep '^torch==' constraints.txt)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation $(EDITABLE)
	touch $@

demo: env
	$(BIN)/mridiff compare zero-filled,cg-sense,l1-wavelet,dps-mri,dpir -o demo

test: env lint types
	$(BIN)/python -m pytest -q -n 2 --dist loadfile $(PYTEST)

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: export MYPYPATH = $(shell echo $(SOURCES) | tr ' ' ':')
types: env
	$(BIN)/mypy $(SOURCES)
	$(BIN)/mypy --config-file tests/mypy.ini core/tests sdk/tests tests $(wildcard plugins/foundation/*/tests)
	for tests in $(METHODS); do $(BIN)/mypy --config-file tests/mypy.ini $$tests || exit 1; done

docs: env
	$(BIN)/python -m mkdocs build --strict --quiet
	@echo build/site/index.html

isolation: env
	$(BIN)/python tests/isolation.py $(PACKAGES)

mutants: env
	$(BIN)/python tests/mutants.py $(ONLY)

lowest: env
	$(PYTHON) -m venv build/lowest
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check $$($(BIN)/python tests/lowest.py $(EXCEPT)) -r requirements-dev.txt
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps $(EDITABLE)
	build/lowest/bin/python -m pytest -q -n 2 --dist loadfile -W default::DeprecationWarning $(PYTEST)

malformed: env
	OMP_NUM_THREADS=1 $(BIN)/python tests/malformed --count $(or $(COUNT),10000) --seed $(or $(SEED),0)

clean:
	rm -rf $(ENV) build demo out

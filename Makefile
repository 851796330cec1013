# Every target works from a fresh clone with Python 3.11 or later, a C compiler and make.
#
#   make demo      build, install into .venv, store a real field and prove it right
#   make test      build, install into .venv, run the tests

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
INSTALL := $(PIP) install --no-build-isolation --editable
CLANG_FORMAT = $(BIN)/clang-format
C_FILES = $(wildcard csrc/*.[ch] csrc/*/*.[ch] bench/c/*.[ch] bench/py/*.c tests/c/*.[ch] tests/faults/*.c)
WARNINGS := -std=gnu11 -O2 -Wall -Wextra -Werror
# The two sets of macros of vendor/plan.py that differ most.
MACROS_blosc2 := $(addprefix -DZP_HAVE_,BLOSC2_ARCHIVE ZLIBNG ZFP BLOSCLZ LIBDEFLATE)
MACROS_system := -DZP_SYSTEM_LIBS -DZP_HAVE_LIBDEFLATE

.PHONY: build demo docs test compat test-long test-services coverage bench bench-quick bench-stores bench-c growth instructions test-sanitize fuzz reliability wheel \
        check check-python check-c check-layers check-ports fmt clean

# One fast step after a change of a .c, .h or .pyx file; the first time, everything.
build: $(VENV)/.base
	@$(BIN)/python setup.py --quiet build_ext --inplace

demo: build
	$(BIN)/zarrpy demo

test: build $(VENV)/.test
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

test-long: build $(VENV)/.test
	$(BIN)/python -m pytest -m "long or not long" --hypothesis-profile=long

coverage: $(VENV)/.test $(VENV)/.dev
	$(BIN)/python tools/line_coverage.py

# Installs the servers that pip does not bring, where it may, and fails where one is missing.
test-services: build $(VENV)/.test
	$(BIN)/python tools/services.py
	ZARRPY_SERVICES=required $(BIN)/python -m pytest -m "not long" tests/services \
	    tests/interop/test_foreign_stores.py

# Damaged input for every decoder and for documents, under sanitizers; FUZZ=--executions=10000000
fuzz: $(VENV)/.test
	$(BIN)/python tools/fuzz.py $(FUZZ)

# Long: writes docs/reliability.md
reliability: build $(VENV)/.test
	$(BIN)/python tools/reliability.py

# The site of the documentation, in build/site; a link that leads nowhere fails.
docs: build $(VENV)/.docs
	$(BIN)/python tools/docs_site.py

# Suites of other projects, over zarrpy in the place of zarr-python.
compat: build $(VENV)/.test
	$(BIN)/python tools/compat.py

test-sanitize: $(VENV)/.test
	$(BIN)/python tools/sanitize.py

bench: build $(VENV)/.bench
	$(BIN)/python tools/c_programs.py build bench/c
	$(BIN)/python bench/py/run.py
	$(BIN)/python bench/py/defaults.py
	$(BIN)/python bench/py/prices.py
	$(BIN)/python bench/py/growth.py

# Fails when the time of something grows with what it does not work on.
growth: build $(VENV)/.test
	$(BIN)/python bench/py/growth.py

# Needs the servers of `make test-services`.
bench-stores: build $(VENV)/.test
	$(BIN)/python bench/py/stores.py

bench-quick: build $(VENV)/.bench
	$(BIN)/python tools/c_programs.py build bench/c
	$(BIN)/python bench/py/run.py --quick

bench-c: $(VENV)/.base
	rm -f build/bench-c.jsonl
	$(BIN)/python tools/c_programs.py run bench/c --json build/bench-c.jsonl

# Needs valgrind; fails when a hot path takes more instructions than those that are kept.
instructions: build
	$(BIN)/python tools/instructions.py

wheel: $(VENV)/.wheel
	$(BIN)/python tools/wheels.py

check: check-python check-c check-layers

check-python: build $(VENV)/.dev $(VENV)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	PATH=$(abspath $(BIN)):$$PATH $(BIN)/cython-lint zarrpy

check-c: $(VENV)/.dev
	$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)
	@printf '%s\n' csrc/*.c | xargs -P 2 -I FILE sh -c '\
	    $(CC) $(WARNINGS) $(MACROS_blosc2) -c FILE -o /dev/null && \
	    $(CC) $(WARNINGS) $(MACROS_system) -c FILE -o /dev/null || exit 255' && \
	    echo "csrc compiles without a warning"

check-layers: build $(VENV)/.test
	$(BIN)/python -m pytest --quiet tests/meta/test_layers.py

check-ports: $(VENV)/.ports
	$(BIN)/python tools/ports.py

fmt: $(VENV)/.dev
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	$(CLANG_FORMAT) -i $(C_FILES)

clean:
	rm -rf build dist $(VENV) zarrpy/_native/*.so zarrpy/_native/*.pyd *.egg-info

$(VENV)/.base: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "zarrpy needs Python 3.11 \
	or later, this is " + sys.version.split()[0] + "; name another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip "setuptools>=77" cython==3.3.1 "numpy>=2.0"
	$(INSTALL) .
	@touch $@

# The optional requirements of pyproject.toml: test, dev, bench, wheel, ports.
$(VENV)/.%: $(VENV)/.base
	$(INSTALL) ".[$*]"
	@touch $@

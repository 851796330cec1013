# Every target works from a fresh clone with Python 3.11 or later, a C compiler and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: build
build: $(VENV)/.installed
	$(BIN)/python setup.py --quiet build_ext --inplace

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip "setuptools>=77" cython==3.3.1
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

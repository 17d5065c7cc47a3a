# make demo      set up, compile the examples, run them, fit one, draw a picture
# make test      set up, run the whole test suite
# make quick     the fast part of it
# make nightly   the fuzz of the language, on thousands of texts
# make exported  compile the examples into exported/
# make matrix    every graph in every engine that can be had -> docs/runtimes.md (gigabytes, an hour or more)
# make docs      the documentation -> build/docs, and man pages -> build/man
# make vscode    the extension for VS Code -> editors/vscode/flowspec.vsix
# make lint      ruff check, ruff format, mypy --strict, the layers

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN = .venv/bin
INSTALLED = .venv/installed
ENGINES = .matrix/installed

.PHONY: demo test quick nightly exported matrix docs vscode lint clean

demo: $(INSTALLED)
	$(BIN)/python examples/export.py
	$(BIN)/python examples/demo.py

test: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist worksteal

quick: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

nightly: $(INSTALLED)
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -n 2 tests/language/test_fuzz.py

exported: $(INSTALLED)
	$(BIN)/python examples/export.py

matrix: $(ENGINES)
	NODE_PATH=.matrix/node_modules .matrix/bin/python benchmarks/matrix.py

docs: $(INSTALLED)
	$(BIN)/python -m sphinx -E -W -n --keep-going -q docs build/docs
	$(BIN)/python docs/_ext/man.py build/man

vscode:
	cd editors/vscode && npm install --no-audit --no-fund --no-package-lock && npm run package

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[train,plot,parquet,dask,lsp,docs,judge,tune,notebook,test]"
	touch $(INSTALLED)

$(ENGINES): pyproject.toml constraints-engines.txt
	$(PYTHON) benchmarks/set_up_engines.py .matrix
	touch $(ENGINES)

clean:
	rm -rf .venv .matrix demo build *.egg-info

# Everything a fresh machine needs: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test check bench train clean

run: $(READY)
	$(BIN)/gouji run examples/reports --out out/examples --fresh
	@echo "Open out/examples/index.html, or: $(BIN)/gouji show examples/reports/lanjiang-shizhengfu-2023.txt"

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench_tagger

train: $(READY)
	$(BIN)/gouji train --config configs/training/tagger.yaml

$(READY): pyproject.toml constraints.txt
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) out build *.egg-info

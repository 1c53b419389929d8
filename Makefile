# Everything a fresh machine needs: `make run`, `make annotate` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LABEL_STUDIO := .venv-label-studio
LABEL_STUDIO_READY := $(LABEL_STUDIO)/.ready

.PHONY: run annotate test check bench train clean

run: $(READY)
	$(BIN)/gouji run examples/reports --out out/examples --fresh
	@echo "Open out/examples/index.html, or: $(BIN)/gouji show examples/reports/lanjiang-shizhengfu-2023.txt"

annotate: $(READY) $(LABEL_STUDIO_READY)
	$(BIN)/python -m annotation.local_server examples/reports --program $(LABEL_STUDIO)/bin/label-studio

test: $(READY) $(LABEL_STUDIO_READY)
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

# Its pins collide with ours: an environment of its own.
$(LABEL_STUDIO_READY): annotation/label-studio.txt
	test -d $(LABEL_STUDIO) || $(PYTHON) -m venv $(LABEL_STUDIO)
	$(LABEL_STUDIO)/bin/python -m pip install --quiet --disable-pip-version-check \
		-c annotation/label-studio.txt label-studio playwright
	touch $(LABEL_STUDIO_READY)

clean:
	rm -rf $(VENV) $(LABEL_STUDIO) out build *.egg-info

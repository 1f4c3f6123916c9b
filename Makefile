# What people and CI run; `make help` lists it.
SHELL := /bin/bash
PYTHON := python3
DEMO := .demo
SETTINGS := params.demo.yaml
PREPARE := true
OUT := recognised
# Dask runs whatever code reaches its ports: they are open to this machine alone unless HOST says
# otherwise. docs/sharing.md, before you set it.
HOST := 127.0.0.1
TEST := python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder
UV := 0.13.9
# A user's hooks, such as those of `dvc install`, are not for the clones that are made here.
NO_HOOKS := core.hooksPath=/dev/null
GIT := git -c $(NO_HOOKS)
# `make install GPU=1` adds TensorFlow's CUDA packages; the targets after it keep them.
override GPU := $(filter-out 0,$(or $(GPU),$(wildcard .venv/.installed-gpu)))
LOCK := requirements$(if $(GPU),-gpu).lock
INSTALLED := .venv/.installed$(if $(GPU),-gpu)
# What users set may hold spaces, quotes, `&` and `$`: recipes take it from the environment, in
# double quotes, so that neither make nor the shell reads it as its own.
TEXTS := PYTHON DEMO PHOTOS MODEL OUT COMMIT HOST SCHEDULER PROTOCOL TARGETS
$(foreach name,$(TEXTS),$(eval override $(name) := $$(value $(name))))
export $(TEXTS)
# The stages are run as `python -m stages.<name>`: dvc must find the environment's python.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# A user's settings of pip and uv may say where packages come from, and nothing else: others would
# install into another Python, or other versions. Nor may Python's and Git's lead elsewhere.
KEPT := PIP_CACHE_DIR PIP_CERT PIP_CLIENT_CERT PIP_CONFIG_FILE PIP_DEFAULT_TIMEOUT PIP_EXTRA_INDEX_URL \
	PIP_FIND_LINKS PIP_INDEX_URL PIP_KEYRING_PROVIDER PIP_NO_CACHE_DIR PIP_NO_INDEX PIP_PROXY PIP_RETRIES \
	PIP_TIMEOUT PIP_TRUSTED_HOST \
	UV_CACHE_DIR UV_CONCURRENT_% UV_CONFIG_FILE UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_HTTP_% \
	UV_INDEX% UV_INSECURE_HOST UV_KEYRING_PROVIDER UV_LINK_MODE UV_NATIVE_TLS UV_NO_CACHE UV_NO_CONFIG \
	UV_OFFLINE UV_SYSTEM_CERTS
unexport $(filter-out $(KEPT),$(filter PIP_% UV_%,$(.VARIABLES)))
unexport CDPATH GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE PYTHONHOME PYTHONINSPECT PYTHONOPTIMIZE PYTHONPATH \
	PYTHONSAFEPATH

.DEFAULT_GOAL := help
.PHONY: help clone install recognise demo photos test test-slow test-sharing test-faults fuzz bench check verify \
	unchanged scheduler worker fleet repro

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: clone .dvc/plots/page.html  ## install what the project needs into .venv (GPU=1: with CUDA)

clone:
	@test -e .git || { echo "error: not a Git repository, and DVC needs one. Use git clone rather than a download; or begin your own: git init && git add . && git commit -m Begin" >&2; exit 1; }

.dvc/plots/page.html: $(INSTALLED) tools/plots_page.py fer_transfer/report/html.py
	python -m tools.plots_page

# The environment's python is named at each step, whatever environment is active.
$(INSTALLED): $(LOCK) build-constraints.txt tools/environment.pth
	"$(or $(wildcard .venv/bin/python),$$PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 13) else f"{sys.executable} is {v[0]}.{v[1]}; the project needs 3.11 or 3.12: rm -rf .venv, then make install PYTHON=python3.12")'
	.venv/bin/python -m pip --version > /dev/null 2>&1 || "$$PYTHON" -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-user --prefix= --target .venv/uv --upgrade uv==$(UV)
	.venv/uv/bin/uv pip sync --python .venv/bin/python --quiet $(LOCK) --build-constraints build-constraints.txt --compile-bytecode
	cp tools/environment.pth "$$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/"
	rm -f .venv/.installed*
	touch $@

# The study's dvc.lock says nothing of the demo, and DVC reads and writes it whole for each stage.
demo: install  ## the whole study on synthetic faces, offline, in its own folder
	@test -d "$$DEMO" || { rm -rf "$$DEMO.part" && $(GIT) clone --quiet --config $(NO_HOOKS) . "$$DEMO.part" \
		&& mv "$$DEMO.part" "$$DEMO"; }
	@here=$$PWD && head=$$(git rev-parse HEAD) && cd "$$DEMO" && $(GIT) fetch --quiet "$$here" HEAD \
		&& { [ $$(git rev-parse HEAD) = $$head ] || $(GIT) checkout --quiet --force --detach $$head; } \
		&& { ! git diff --quiet HEAD -- dvc.lock || rm dvc.lock; } \
		&& cp $(SETTINGS) params.yaml && $(PREPARE) && python -m tools.plots_page \
		&& python -m dvc repro > /dev/null && python -m tools.summary

photos: install  ## demo: train on labelled photos, synthetic ones, in .photos/
	@$(MAKE) --no-print-directory demo DEMO=.photos SETTINGS=params.photos.yaml \
		PREPARE='python -m tools.example_photos'
	@echo "The page: .photos/plots/report.html; the model: .photos/data/model/people.onnx"

recognise: install  ## the emotions in photos: make recognise PHOTOS=holiday/
	$(if $(PHOTOS),,$(error PHOTOS is not set. Use: make recognise PHOTOS=holiday/))python -m fer_transfer.recognise "$$PHOTOS" --out "$$OUT" $(if $(MODEL),--model "$$MODEL")

test: install  ## run the tests
	$(TEST)

test-slow: install  ## run the tests that make whole runs of DVC, and those of VGG-Face
	$(TEST) -m "slow and not long"

test-sharing: install  ## test remotes (S3, SSH, a local disk) and the run-cache
	python -m pytest -m "" tests/sharing

test-faults: install  ## kill stages, fill disks, damage files, many times: hours
	FAULT_ROUNDS=20 python -m pytest -m "" tests/faults tests/fleet

fuzz: install  ## thousands of random settings and copies of FER2013, new ones each time
	HYPOTHESIS_PROFILE=long python -m pytest tests/test_fuzz_settings.py tests/test_fuzz_readers.py

bench: install  ## runtimes against Keras, PyTorch and OpenVINO alone: ten minutes or more
	python -m benchmarks

check: install  ## check lint, format and types
	ruff check . && ruff format --check . && mypy

verify: install  ## check DVC's cache by its hashes: after a power cut, or on a failing disk
	python -m tools.verify

unchanged: install  ## keep results if old and new code agree on a small sample
	python -m tools.unchanged $(if $(COMMIT),"$$COMMIT")

scheduler: install  ## start the scheduler for `make fleet` and workers (HOST: see docs/sharing.md)
	python -m distributed.cli.dask_scheduler --host "$$HOST" --port 8786 $(if $(PROTOCOL),--protocol "$$PROTOCOL") --dashboard-address "$$HOST:8787"

worker: install  ## offer this machine: make worker SCHEDULER=tcp://HOST:8786
	$(if $(SCHEDULER),,$(error SCHEDULER is not set. Use: make worker SCHEDULER=tcp://HOST:8786))python -m tools.fleet.worker "$$SCHEDULER" --host "$$HOST"

fleet: install  ## run what is stale on workers: make fleet SCHEDULER=tcp://HOST:8786, or on this machine's cores
	python -m tools.fleet $(if $(SCHEDULER),--scheduler "$$SCHEDULER") $$TARGETS

repro: install  ## run the study of params.yaml
	python -m dvc repro

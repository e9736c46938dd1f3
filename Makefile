# Two commands do everything: `make run` and `make test`. `make check` looks at the code before the tests do. Finished steps leave a stamp and are not done again.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: notebook notebooks run audit test test-fast test-cluster bench faults check fix docs lock install sample backfill

PYTHON ?= python3
SERVE ?= 1
PORT ?= 8501
# Processes that tests run in; a file stays in one of them, because its fixtures are made once. The order is that of tests/conftest.py.
WORKERS ?= auto
FAST := $(addprefix tests/,workbook answers/test_reading_cells.py reference access system)
MONTHS ?= 2018-08..2020-12
DATA := $(or $(SHEQU_DATA),data)
BIN := .venv/bin
export SHEQU_DATA := $(abspath $(DATA))
export DAGSTER_DISABLE_TELEMETRY := yes
# Modules are compiled once, whatever the caller's environment says: tests and runs start many processes.
export PYTHONDONTWRITEBYTECODE :=
# The samples lie still already; Dagster's log says what happens and leaves out its own steps.
AT_ONCE := {"ops": {"submissions": {"config": {"still_for": 0}}}, "loggers": {"console": {"config": {"log_level": "INFO"}}}}

run: install sample backfill
ifeq ($(SERVE),1)
	@$(BIN)/shequ --data $(DATA) dashboard --port $(PORT)
else
	@echo "数据在 $(DATA)/,看板由 make run 或 $(BIN)/shequ dashboard 打开"
endif

test: .venv/.test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

# The planners' notebooks in JupyterLab, on this machine only; installed the first time.
notebook: .venv/.notebook
	$(BIN)/python -m jupyterlab --ip=127.0.0.1 --notebook-dir=notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

# The notebooks run over sample data and stored with their outputs, for viewers that run nothing; needs Chromium. A few minutes.
notebooks: .venv/.test
	$(BIN)/python -m lab.notebooks

# The same figures on Spark: installs PySpark into the environment; needs Java.
test-cluster: .venv/.test .venv/.spark
	$(BIN)/python -m pytest -n 0 tests/spark $(TESTS)

# Every benchmark, as ratios to peers measured in the same run; writes docs/performance.md. About half an hour; BENCH="--quick" or
# BENCH="--only reading" for less. PySpark is installed where there is a Java runtime to run it.
BENCH ?= --write
bench: .venv/.test $(if $(shell command -v java),.venv/.spark)
	$(BIN)/python -m lab.benchmarks $(BENCH)

# Kills, full disks, failing writes, damaged files, power cuts (as root): hundreds of rounds (docs/reliability.md).
ROUNDS ?= 500
EVERY ?= 1
faults: .venv/.test
	$(BIN)/python -m lab.faults --how kill,enospc,eio,erofs --every $(EVERY) --random $(ROUNDS)
	$(BIN)/python -m lab.faults.damage --rounds $(ROUNDS)
	test "$$(id -u)" != 0 || $(BIN)/python -m lab.faults.power --rounds 100
	SHEQU_ROUNDS=20 $(BIN)/python -m pytest tests/faults

# Every published figure and verdict of the data folder recomputed from its workbooks by a second program (docs/audit.md).
audit: .venv/.run
	$(BIN)/python -m lab.audit $(DATA)

# Everything but the tests, changing nothing: style, types, who imports whom, dead code, generated pages. `make fix` repairs what can be.
check: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/mypy
	$(MAKE) --no-print-directory docs CHECK=1

fix: .venv/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The generated pages of docs/; CHECK=1 fails where one is out of date.
docs: .venv/.test
	$(BIN)/python -m pipelines.documentation $(if $(CHECK),--check)
	$(BIN)/python -W ignore -m pipelines.defs.graph_picture $(if $(CHECK),--check)

# Tests of the rooms that need no installation, without those marked slow: under a minute.
test-fast: .venv/.test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow and not browser" $(FAST)

# Resolve anew what is installed. Neither file names a package index.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --extra build -o requirements.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --extra build --extra test -c requirements.lock -o requirements-test.lock pyproject.toml
	echo 'jupyterlab>=4.3' | uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  -c requirements-test.lock -o requirements-notebook.lock -
	echo 'pyspark>=4.0' | uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  -o requirements-spark.lock -

# ---- installation

install: .venv/.run

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新版本:make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "不能建立虚拟环境;在 Debian 上先运行:apt-get install python3-venv"; exit 1; }
	@touch $@

.venv/.run: requirements.lock pyproject.toml | .venv/.python
	@echo "安装依赖(只在第一次和版本变动时)……"
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --progress-bar on --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.test: requirements-test.lock .venv/.run
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --progress-bar on --require-hashes -r requirements-test.lock
	@touch $@

.venv/.notebook: requirements-notebook.lock .venv/.run
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --progress-bar on --require-hashes -r requirements-notebook.lock
	@touch $@

.venv/.spark: requirements-spark.lock .venv/.run
	@$(BIN)/python -m pip install --disable-pip-version-check --no-deps --progress-bar off --require-hashes -r requirements-spark.lock
	@touch $@

# ---- the first run: sample submissions through Dagster

sample: $(DATA)/.sample
backfill: $(DATA)/.backfill

# Written aside and moved in one step: an interrupted run begins again, a finished one never does.
$(DATA)/.sample: | .venv/.run
	@echo "生成示例报表 $(MONTHS)……"
	@mkdir -p $(DATA)/inbox
	@rm -rf $(DATA)/.sample.part
	@$(BIN)/shequ --data $(DATA) sample --months $(MONTHS) --out $(DATA)/.sample.part
	@rm -rf $(DATA)/inbox/sample && mv $(DATA)/.sample.part $(DATA)/inbox/sample
	@touch $@

# Interrupted, it goes on: what the archive has is not received again, what is computed is not computed again.
$(DATA)/.backfill: $(DATA)/.sample
	@echo "Dagster 处理全部月份……"
	@umask 027; DAGSTER_HOME=$$($(BIN)/python -m pipelines.serving) $(BIN)/python -W ignore -m dagster asset materialize \
	  -m pipelines.definitions --select '*' --partition-range $(subst ..,...,$(MONTHS)) --config-json '$(AT_ONCE)'
	@touch $@

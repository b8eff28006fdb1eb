# The commands that matter: `make demo` and `make test`, which make .venv if it is absent, `make web`,
# the bundles in a browser, which needs Node alone, and `make apk`, the Android demo, which needs a
# JDK and Maven alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: setup demo test web apk lock clean

setup: $(INSTALLED)

$(INSTALLED): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

demo: setup
	$(BIN)/pocketstyle demo --out runs/demo --force

test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pytest

web:
	@command -v npm >/dev/null || { echo "make web needs Node 20.19 or newer, with npm"; exit 1; }
	cd web_demo && npm ci && npm run build && npm run serve

# With APK="-Dabis=arm64-v8a -Dbundles=toonhead.tflite,heads.tflite" a smaller one.
apk:
	@command -v mvn >/dev/null || { echo "make apk needs a JDK 17 or newer and Maven 3.8 or newer"; exit 1; }
	cd android_demo && mvn -q -B clean package -Dmaven.test.skip.exec=true $(APK)

# Resolve the pinned environment again, after a change of dependencies in pyproject.toml.
lock: setup
	$(BIN)/uv pip compile pyproject.toml --extra search --extra convert --extra cluster --extra fid --extra teachers --extra dev \
	    --universal --python-version 3.11 --no-header --no-emit-index-url --output-file requirements.lock

clean:
	rm -rf $(VENV) build *.egg-info runs/demo runs/.demo.part web_demo/node_modules web_demo/dist android_demo/*/target

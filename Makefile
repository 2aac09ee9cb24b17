# `make demo` and `make test` install whatever they need into .venv first; all that must be there is Python and make.

VENV := .venv
BIN := $(VENV)/bin
# Where `make` was called: `make -C elsewhere demo PHOTO=photo.jpg` means the photo here.
CALLED_FROM := $(or $(PWD),$(CURDIR))
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export TF_CPP_MIN_LOG_LEVEL := 3
unexport PYTHONPATH PYTHONHOME

.PHONY: help install install-dev demo photos-exist test test-all check format clean

help:
	@echo "make demo               train, measure, export and try a small network on drawn documents (5 minutes)"
	@echo "make demo PHOTO=a.jpg   the same, and then your photo; several: PHOTO=\"a.jpg 'my b.jpg'\""
	@echo "make test               quick tests"
	@echo "make test-all           all tests, also those that train for minutes"
	@echo "make check              ruff and mypy"
	@echo "make format             let ruff format the code"
	@echo "make clean              remove demo, builds and caches; .venv and runs stay"
	@echo "PYTHON=python3.12       the Python, 3.11 or later, that .venv is made with"

# --- installation -----------------------------------------------------------------------------------------------------

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

# In a variable, for `call` would take the comma for its own.
EXTRAS := dev,browser,tflm,vela,onnx,ray
# A complete installation leaves a stamp; changed dependencies make it stale.
$(VENV)/.installed: setup.cfg pyproject.toml
	$(call install_into_venv,-e .)
$(VENV)/.installed-dev: setup.cfg pyproject.toml
	$(call install_into_venv,-e '.[$(EXTRAS)]')
	@touch $(VENV)/.installed

# Of the lines of pip only the large downloads are shown; warnings and errors come through stderr.
define install_into_venv
	$(make_venv)
	@echo "Installing into $(VENV): about 3 GB on disk, 2 to 10 minutes; the large downloads are shown."
	@rm -f $@
	@{ $(BIN)/python -m pip install $(1) && touch $@; } | sed -n \
		-e 's/^ *Using cached \([^ ]*\) (\([0-9]\{2,\}\.[0-9]* [MG]B\).*/  \1, \2 from the cache/p' \
		-e 's/^ *Downloading \([^ ]*\) (\([0-9]\{2,\}\.[0-9]* [MG]B\).*/  \1, \2/p' \
		-e 's/^Installing collected packages.*/  unpacking .../p'
	@test -f $@ || { echo "The installation failed; the reason stands above. Run make again to go on."; exit 1; }
endef

# For the first there is a wheel of TensorFlow Lite Micro, without which the tests of what boards compute are skipped; for
# the first three there are wheels of TensorFlow. `python3-venv` of Debian brings ensurepip.
PYTHONS := python3.11 python3.12 python3.13 python3 python

define make_venv
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then exit 0; fi; \
	set -- $${PYTHON:+"$$PYTHON"}; if [ $$# -eq 0 ]; then set -- $(PYTHONS); fi; \
	for python in "$$@"; do \
		if "$$python" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			echo "Making $(VENV) with $$("$$python" --version)."; \
			exec "$$python" -m venv --clear $(VENV); \
		fi; \
	done; \
	echo "No Python 3.11 or later that can make environments; tried: $$*."; \
	echo "Install one (Debian, Ubuntu: apt install python3 python3-venv),"; \
	echo "or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; \
	exit 1
endef

# --- demo -------------------------------------------------------------------------------------------------------------

# Puts the photos of PHOTO into "$@": one path as it stands, or several, quoted as for the shell.
define set_photos
	set -e; set --; cd "$(CALLED_FROM)"; \
	if [ -n "$$PHOTO" ]; then if [ -e "$$PHOTO" ]; then set -- "$$PHOTO"; else eval "set -- $$PHOTO"; fi; fi
endef

photos-exist:
	@$(set_photos); \
	for photo in "$$@"; do \
		if [ ! -e "$$photo" ]; then \
			echo "There is no photo $$photo (seen from $(CALLED_FROM))."; \
			echo "Several photos, or names with spaces: make demo PHOTO=\"a.jpg 'my b.jpg'\""; \
			exit 1; \
		fi; \
	done

demo: photos-exist $(VENV)/.installed
	@rm -rf demo
	@echo; echo "1 of 6  The training pictures: drawn scenes, before and after augmentation"
	@$(BIN)/detector preview --config documents-demo --output demo/training.png
	@echo; echo "2 of 6  Training, with the preset documents-demo"
	@$(BIN)/detector train documents-demo --run demo/run
	@echo; echo "3 of 6  Export: LiteRT float and int8, measured on the validation scenes through the device's runtime"
	@$(BIN)/detector export demo/run
	@echo; echo "4 of 6  Test scenes, drawn from another seed than those of training and validation"
	@$(BIN)/detector generate "documents:#test" demo/scenes --count 200
	@$(BIN)/detector evaluate demo/run --data corners:demo/scenes --worst demo/worst.png --json demo/scores.json
	@echo; echo "5 of 6  Predictions on 8 of the test scenes, and the documents straightened"
	@$(BIN)/detector predict demo/run "demo/scenes/images/00000[0-7].png" --output demo/predictions --rectify
	@echo; echo "6 of 6  Predictions on your photos"
	@demo="$(CURDIR)/demo"; detector="$(CURDIR)/$(BIN)/detector"; $(set_photos); \
	if [ $$# -gt 0 ]; then "$$detector" predict "$$demo/run" "$$@" --output "$$demo/photos" --rectify; \
	else echo "none named: make demo PHOTO=path/to/photo.jpg"; fi
	@echo; echo "Look at them (labels green, predictions magenta):"
	@echo "  demo/training.png         training pictures, before and after augmentation"
	@echo "  demo/run/pictures/*.png   validation scenes with predictions, while training went on, and the worst"
	@echo "  demo/worst.png            the 16 worst of the 200 test scenes, worst first"
	@echo "  demo/predictions/         8 test scenes with predictions, and the documents straightened"
	@if [ -d demo/photos ]; then echo "  demo/photos/              your photos with predictions, and the documents straightened"; fi
	@echo "The model: demo/run/export/int8.tflite. Try it on more: $(BIN)/detector predict demo/run photo.jpg"

# --- development ------------------------------------------------------------------------------------------------------

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

test-all: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m ""

check: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -path ./$(VENV) -prune -o -path ./runs -prune -o -type d -name __pycache__ -exec rm -rf {} +

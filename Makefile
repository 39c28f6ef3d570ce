# The three commands of a reader:  make book   make test   make lab
# For a classroom:                 make slides   make pdf
# Those of a maintainer:           make lint   make lock   make publish   make clean
#                                  make coverage   make matrix   make sbom

PYTHON ?= python3
ifeq ($(OS),Windows_NT)
  PY := .venv/Scripts/python
else
  PY := .venv/bin/python
endif
READY := .venv/ready

.DELETE_ON_ERROR:
.PHONY: book test lint unit coverage notebooks pages lab slides pdf publish lock matrix sbom clean

book: $(READY)
	@$(PY) -m book.build

test: lint unit book notebooks pages
	@echo "All checks passed."

lint: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m book.lint

unit: $(READY)
	$(PY) -m pytest -n 2 --ignore tests/book
	$(PY) -m pytest --doctest-modules rnncourse

# Which lines and branches of the package the unit tests reach, in all their processes.
coverage: $(READY)
	@mkdir -p _build
	$(PY) -m coverage erase
	$(PY) -m coverage run -m pytest -n 2 --ignore tests/book
	$(PY) -m coverage combine --quiet
	$(PY) -m coverage report

# Every code cell of every chapter, run once more in a fresh kernel and held against what it shows in
# the book; two chapters at a time.
AGAIN ?= chapters
notebooks: $(READY) book
	$(PY) -m pytest -n 2 --dist loadfile --nbval --nbval-cell-timeout 600 --nbval-kernel-startup-timeout 120 $(AGAIN)

# The rendered pages, opened in a real browser.
pages: $(READY) book
	$(PY) -m pytest -n 2 tests/book -rs

# Every chapter as a reveal.js deck, and the whole book as one PDF, both from the rendered pages.
slides: book
	@$(PY) -m book.slides

pdf: book
	@$(PY) -m book.pdf

# The pages onto the branch gh-pages, which is pushed. RNNCOURSE_SITE says where they will stand.
publish: book
	@$(PY) -m book.publish

lab: $(READY)
	$(PY) -m book.lab

# Exact versions for Python 3.10 to 3.13 on Linux, macOS and Windows, from the ranges in pyproject.toml.
lock: $(READY)
	$(PY) -m pip install --quiet uv
	$(PY) -m uv pip compile pyproject.toml --all-extras --universal --python-version 3.10 \
	  --no-python-downloads --no-annotate --generate-hashes --upgrade --custom-compile-command "make lock" \
	  --quiet --output-file requirements.txt

# The newest versions on every Python that is found (python3.X on the PATH, or PYENV=folder), the oldest
# on 3.10, each in an environment of its own; the whole book once with: make matrix SESSION=book-3.12
PYENV ?= $(HOME)/.pyenv
matrix: $(READY)
	$(PY) -m pip install --quiet nox uv
	PATH="$$(ls -d $(PYENV)/versions/3.1[0-3].*/bin 2>/dev/null | tr '\n' ':')$(CURDIR)/$(dir $(PY)):$$PATH" \
	  $(PY) -m book.matrix $(SESSION)

# What the lock consists of, and under which licences: _build/sbom.cdx.json and _build/licences.md
sbom: $(READY)
	$(PY) -m pip install --quiet nox uv
	PATH="$(CURDIR)/$(dir $(PY)):$$PATH" $(PY) -m nox --session sbom

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c "import sys; v = sys.version_info[:2]; (3, 10) <= v <= (3, 13) or sys.exit('rnncourse needs Python 3.10 to 3.13, and $(PYTHON) is %d.%d; choose another with: make PYTHON=python3.12 book' % v)"
	@echo "Making .venv with the versions in requirements.txt (once, some minutes)"
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(PYTHON) -c "open('$(READY)', 'w').close()"

clean:
	rm -rf _build

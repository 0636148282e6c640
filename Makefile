# The course's commands. Each sets up its own Python environment in .venv on first use, and again when
# requirements.txt or pyproject.toml changes. Needs Python 3.11 or newer and any make, GNU make 3.81 included.

VENV := .venv
BUDGET ?= cpu
BACKEND ?= jax
BACKEND_PACKAGE ?= $(BACKEND)
ARGS ?=

# The tests run on stand-ins, so that they need no network, no data and little time.
TEST := COURSE_BUDGET=smoke COURSE_OFFLINE=1

.PHONY: help book bundle test test-site lab reference links addresses repository
.PHONY: test-colab test-newest test-backend test-sabotage clean distclean FORCE
.DEFAULT_GOAL := help

help:
	@echo "make book                       build the site"
	@echo "make bundle                     pack the site and the notebooks into one zip for a classroom"
	@echo "make test                       test everything that needs no network (ARGS=... goes to pytest)"
	@echo "make test-site                  open every page of the site in Chromium, which must be installed"
	@echo "make lab                        open JupyterLab"
	@echo "make reference LESSON=CHAPTER/LESSON [BUDGET=cpu]"
	@echo "                                run a lesson on real data; store its outputs and its result"
	@echo "make links                      look for dead links in the built site's pages (network)"
	@echo "make addresses                  ask whether the data can still be downloaded (network)"
	@echo "make repository NAME=owner/name point every link of the course at another repository"
	@echo "make test-colab                 the tests with the versions that Colab has"
	@echo "make test-newest                the tests with the newest versions there are"
	@echo "make test-backend BACKEND=jax   the tests on another backend: jax or torch"
	@echo "make test-sabotage              do the lessons fail when their training is broken on purpose?"
	@echo "make clean                      remove what was built; .venv stays"
	@echo "make distclean                  clean, and remove .venv and its like"
	@echo
	@echo "PYTHON=/path/to/python chooses the Python that makes .venv."

# $(call environment,FOLDER,WHAT PIP INSTALLS): make FOLDER if there is none that works, then install into it.
# Of the Pythons found, the first that is new enough and can make environments is taken. A name found on the
# PATH proves little (version managers put stand-ins there), so each is asked.
define environment
	@set -e; folder=$(1); \
	if ! $$folder/bin/python -c 'import pip' >/dev/null 2>&1; then \
	  old=; bare=; chosen=; \
	  for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3 python); do \
	    command -v "$$python" >/dev/null 2>&1 || continue; \
	    "$$python" -c 'import sys' >/dev/null 2>&1 || continue; \
	    if ! "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then old=$$python; continue; fi; \
	    if ! "$$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then bare=$$python; continue; fi; \
	    chosen=$$python; break; \
	  done; \
	  if [ -z "$$chosen" ] && [ -n "$$bare" ]; then \
	    echo "$$bare cannot make environments: its venv module is missing." >&2; \
	    echo "On Debian and Ubuntu: sudo apt install python3-venv. Then run make again." >&2; exit 1; \
	  elif [ -z "$$chosen" ] && [ -n "$$old" ]; then \
	    echo "$$("$$old" --version 2>&1) is too old: the course needs Python 3.11 or newer." >&2; \
	    echo "Install one (python.org), or name one: make PYTHON=/path/to/python" >&2; exit 1; \
	  elif [ -z "$$chosen" ]; then \
	    echo "No Python found: the course needs Python 3.11 or newer (python.org)." >&2; exit 1; \
	  fi; \
	  echo "Setting up $$folder with $$("$$chosen" --version); a few minutes, once."; \
	  "$$chosen" -m venv --clear $$folder; \
	fi; \
	echo "Installing into $$folder ..."; \
	$$folder/bin/python -m pip install --quiet --disable-pip-version-check $(2); \
	touch $@
endef

$(VENV)/ready: requirements.txt pyproject.toml
	$(call environment,$(VENV),-r requirements.txt -e .)

book: $(VENV)/ready
	$(VENV)/bin/jupyter-book build . -W -n --keep-going
	@echo "The site is at $(CURDIR)/_build/html/index.html"

bundle: book
	$(VENV)/bin/python tools/bundle.py

test: $(VENV)/ready
	$(TEST) $(VENV)/bin/python -m pytest tests chapters $(ARGS)

$(VENV)/browser: $(VENV)/ready tools/browser_requirements.txt
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r tools/browser_requirements.txt
	@touch $@

test-site: $(VENV)/browser
	$(TEST) $(VENV)/bin/python -m pytest tests/test_browser.py -m browser $(ARGS)

lab: $(VENV)/ready
	$(VENV)/bin/python -m jupyterlab

reference: $(VENV)/ready
	@[ -n "$(LESSON)" ] || { \
	  echo "Which lesson? make reference LESSON=01_classification/01_first_cnn" >&2; exit 2; }
	$(VENV)/bin/python tools/reference.py $(LESSON) --budget $(BUDGET)

links: $(VENV)/ready
	$(VENV)/bin/jupyter-book build . --builder linkcheck

addresses: $(VENV)/ready
	$(VENV)/bin/python -m helpers.datasets check

repository: $(VENV)/ready
	@[ -n "$(NAME)" ] || { echo "Which repository? make repository NAME=owner/name" >&2; exit 2; }
	$(VENV)/bin/python tools/repository.py $(NAME)

# Colab's versions, on the Python that is there. The site is not built on Colab, so its tests are left out.
.venv-colab/ready: requirements.txt pyproject.toml tools/colab_constraints.txt
	$(call environment,.venv-colab,-r requirements.txt -e . -c tools/colab_constraints.txt)

test-colab: .venv-colab/ready
	$(TEST) .venv-colab/bin/python -m pytest tests chapters $(ARGS)

# Without upper bounds, to learn early what the next versions break. Jupyter Book 2 is another system: its
# bound stays. Made afresh each time, because what is newest changes while the files stay.
.venv-newest/ready: FORCE
	@rm -rf .venv-newest
	@sed '/^jupyter-book/! s/,<[0-9.]*//' requirements.txt > .venv-newest.txt
	$(call environment,.venv-newest,-r .venv-newest.txt -e .)

test-newest: .venv-newest/ready
	$(TEST) .venv-newest/bin/python -m pytest tests chapters $(ARGS)

# BACKEND_PACKAGE says what pip installs where it is not the backend's own name: a version, a CPU build.
.venv-$(BACKEND)/ready: requirements.txt pyproject.toml
	$(call environment,.venv-$(BACKEND),-r requirements.txt -e . $(BACKEND_PACKAGE))

test-backend: .venv-$(BACKEND)/ready
	KERAS_BACKEND=$(BACKEND) $(TEST) .venv-$(BACKEND)/bin/python -m pytest tests chapters $(ARGS)

test-sabotage: $(VENV)/ready
	$(TEST) $(VENV)/bin/python -m pytest tests/test_sabotage.py -m sabotage $(ARGS)

clean:
	rm -rf _build dist build .pytest_cache .venv-newest.txt
	find . -name '.venv*' -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
	@echo "Clean. The environment .venv stays; make distclean removes it too."

distclean: clean
	rm -rf .venv .venv-*

# SPDX-License-Identifier: BSD-2-Clause
# Writes what the manual and the sample file say of each setting, from the table.
TESTS                   += lint/settings-pages
lint/settings-pages_SRCS := tests/lint/settings-pages.c
lint/settings-pages_LIBS := $(core_LIBS)
# The same of what is counted.
TESTS                   += lint/metrics-pages
lint/metrics-pages_SRCS := tests/lint/metrics-pages.c
lint/metrics-pages_LIBS := $(LIBS_JSON) $(core_LIBS)

C_FILES      := $(wildcard common/*/*.c socketmap/*.c milter/*.c prober/*.c cli/*.c)
C_TESTS      := $(wildcard tests/*/*.c)
C_HEADERS    := $(wildcard common/*/*.h socketmap/*.h milter/*.h prober/*.h cli/*.h tests/*/*.h)
SHELL_FILES   = $(shell grep -rlE '^.!/bin/(ba)?sh' --exclude-dir=build --exclude-dir=.git .) completions/postseal
MAN_PAGES    := $(wildcard man/*.[1-8])

## laws        the checks of HOUSE laws that `make check` runs
.PHONY: laws
laws: all $(BUILD)/lint/settings-pages $(BUILD)/lint/metrics-pages
	tests/lint/run $(BUILD)

# cppcheck reads no header of the system, and is told of those with macros that
# look like no C.
HASH              := \#
CPPCHECK_INCLUDES  = $(shell printf '$(HASH)include <%s>\n' sys/queue.h uthash.h | $(CC) -E -M - | \
                       grep -oE '/[^ ]*/(sys/queue|uthash)\.h' | sed 's/^/--include=/')

## lint        laws, clang-tidy, cppcheck, shellcheck, mandoc, codespell
.PHONY: lint
lint: laws
	clang-tidy --quiet --warnings-as-errors='*' $(C_FILES) -- $(CPPFLAGS) -std=c11 2>&1 | \
	    grep -vE 'warnings? (generated|treated)|^Use -header-filter|^Suppressed'; \
	    exit $${PIPESTATUS[0]}
	cppcheck --quiet --std=c11 --enable=warning,performance --inline-suppr --error-exitcode=1 \
	    --suppress=missingInclude --library=tests/lint/cppcheck.cfg $(CPPCHECK_INCLUDES) \
	    $(CPPFLAGS) $(C_FILES)
	shellcheck -x -P SCRIPTDIR $(sort $(SHELL_FILES))
	mandoc -Tlint -Wwarning $(MAN_PAGES)
	if command -v codespell >/dev/null; then \
	    codespell --skip=build,.git,'*.zone' .; else echo 'codespell is not here: skipped'; fi

lint: SHELL := /bin/bash

## format      lay out the C sources by .clang-format
.PHONY: format format-check
format:
	clang-format -i $(C_FILES) $(C_HEADERS) $(C_TESTS)
format-check:
	clang-format --dry-run -Werror $(C_FILES) $(C_HEADERS) $(C_TESTS)

## settings    write the settings into the manual and the sample file anew
.PHONY: settings
settings: $(BUILD)/lint/settings-pages
	tests/lint/settings $(BUILD) --write

## metrics     write the metrics into the manual anew
.PHONY: metrics
metrics: $(BUILD)/lint/metrics-pages
	tests/lint/metrics $(BUILD) --write

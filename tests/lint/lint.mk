# SPDX-License-Identifier: BSD-2-Clause
# Writes what the manual and the sample file say of each setting, from the table.
TESTS                   += lint/settings-pages
lint/settings-pages_SRCS := tests/lint/settings-pages.c
lint/settings-pages_LIBS := $(core_LIBS)
# The same of what is counted.
TESTS                   += lint/metrics-pages
lint/metrics-pages_SRCS := tests/lint/metrics-pages.c
lint/metrics-pages_LIBS := $(LIBS_JSON) $(core_LIBS)

C_FILES      := $(shell find common socketmap milter prober webmail mailbox wkd fleet cli tests -name "*.[ch]")

## laws        the checks of HOUSE laws that `make check` runs
.PHONY: laws
laws: all $(BUILD)/lint/settings-pages $(BUILD)/lint/metrics-pages
	tests/lint/run $(BUILD)

## lint        laws, clang-tidy, cppcheck, shellcheck, mandoc, codespell
.PHONY: lint
lint: laws
	tests/lint/tools

## format      lay out the C sources by .clang-format
.PHONY: format format-check
format:
	$(Q)clang-format -i $(C_FILES)
format-check:
	tests/lint/tools clang-format

## settings    write the settings into the manual and the sample file anew
.PHONY: settings
settings: $(BUILD)/lint/settings-pages
	tests/lint/settings $(BUILD) --write

## metrics     write the metrics into the manual anew
.PHONY: metrics
metrics: $(BUILD)/lint/metrics-pages
	tests/lint/metrics $(BUILD) --write

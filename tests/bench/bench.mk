# SPDX-License-Identifier: BSD-2-Clause
# What `make bench` measures with; each is one program of its own.
BENCH_NAMES := floor load fill maillog faraway
TESTS       += $(BENCH_NAMES:%=bench/%)

define bench_vars
bench/$(1)_SRCS := tests/bench/$(1).c tests/bench/names.c
bench/$(1)_LIBS := $(LIBS_TESTS)
endef
$(foreach b,$(BENCH_NAMES),$(eval $(call bench_vars,$(b))))

## bench       speed and memory of the socketmap server, beside a bare one's
.PHONY: bench
bench: all $(BENCH_NAMES:%=$(BUILD)/bench/%)
	tests/bench/run $(BUILD)

# SPDX-License-Identifier: BSD-2-Clause
# What `make bench` measures with; each is one program of its own.
BENCH_NAMES := floor load fill maillog faraway scan idle_milter http_floor
TESTS       += $(BENCH_NAMES:%=bench/%)

define bench_vars
bench/$(1)_SRCS := tests/bench/$(1).c tests/bench/names.c
bench/$(1)_LIBS := $(LIBS_TESTS)
endef
$(foreach b,$(BENCH_NAMES),$(eval $(call bench_vars,$(b))))

bench/scan_SRCS        += prober/job.c prober/scan.c prober/crowd.c
bench/idle_milter_LIBS += -lmilter
bench/http_floor_LIBS  += $(LIBS_HTTP)

## bench       what everything costs, beside the least it could; PART="cold learn" for some
.PHONY: bench
bench:
	tests/deps.sh bench
	+$(MAKE) all $(BENCH_NAMES:%=$(BUILD)/bench/%) $(BUILD)/tests/peer $(BUILD)/tests/seal-token \
	    $(BUILD)/tests/fleet_host
	tests/bench/run $(BUILD) $(PART)

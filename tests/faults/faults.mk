# SPDX-License-Identifier: BSD-2-Clause
# What `make faults` breaks things with: a program, and libraries to preload.
TESTS += faults/killer
faults/killer_SRCS := tests/faults/killer.c
FAULT_LIBS := $(BUILD)/faults/skew.so $(BUILD)/faults/smallmap.so

$(BUILD)/faults/%.so: tests/faults/%.c
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -shared -o $@ $< -ldl

FAULTS ?= 1000

## faults      kill, starve and mislead the daemons in the live world (FAULTS=1000 kills)
.PHONY: faults
faults: all $(BUILD)/tests/peer $(BUILD)/bench/load $(BUILD)/faults/killer $(FAULT_LIBS)
	tests/deps.sh live
	tests/faults/run $(FAULTS)

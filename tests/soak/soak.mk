# SPDX-License-Identifier: BSD-2-Clause
# Long runs; what they need is in tests/ROBUSTNESS.md.
LAW_HISTORIES ?= 1000000

## soak        a million random histories, then an hour of the live world under load (SECS=N)
.PHONY: soak
soak: all $(BUILD)/law $(BUILD)/tests/peer $(BUILD)/bench/load
	tests/deps.sh live
	tests/run-all law "$(BUILD)/law $(LAW_HISTORIES)" soak "tests/soak/run $(or $(SECS),3600)"

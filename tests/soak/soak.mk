# SPDX-License-Identifier: BSD-2-Clause
# Long runs; what they need is in tests/ROBUSTNESS.md.
LAW_HISTORIES ?= 1000000

# Of several hosts each takes as long as some of one host.
FLEET_HISTORIES ?= 100000
# Times that one of five hosts, or the engine, is killed, cut off or emptied.
FLEET_ROUNDS    ?= 60

## soak        a million random histories, a hundred thousand of several hosts, hosts that share and die, then an hour of the live world under load (SECS=N)
.PHONY: soak
soak: all $(BUILD)/law $(BUILD)/fleet_law $(BUILD)/tests/fleet_host $(BUILD)/tests/peer $(BUILD)/bench/load
	tests/deps.sh live
	tests/run-all law "$(BUILD)/law $(LAW_HISTORIES)" fleet "$(BUILD)/fleet_law $(FLEET_HISTORIES)" \
	    many "FLEET_ROUNDS=$(FLEET_ROUNDS) tests/fleet/many" eyes tests/live/share \
	    soak "tests/soak/run $(or $(SECS),3600)"

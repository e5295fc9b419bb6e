# SPDX-License-Identifier: BSD-2-Clause
# Policy as tables: scenario files, and random histories that must obey the law.
TESTS += scenario law fleet_law
world_SRCS    := tests/scenario/world.c
scenario_SRCS := tests/scenario/scenario.c $(world_SRCS)
scenario_LIBS := $(core_LIBS)
law_SRCS      := tests/scenario/law.c $(world_SRCS)
law_LIBS      := $(core_LIBS)
fleet_law_SRCS := tests/scenario/fleet_law.c
fleet_law_LIBS := $(core_LIBS)

## scenarios   policy scenarios, and some random histories against the law
.PHONY: scenarios
scenarios: $(BUILD)/scenario $(BUILD)/law $(BUILD)/fleet_law
	$(BUILD)/scenario tests/scenario/cases/*.scn
	$(BUILD)/law 20000
	$(BUILD)/fleet_law 3000

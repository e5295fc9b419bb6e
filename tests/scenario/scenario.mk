# SPDX-License-Identifier: BSD-2-Clause
# Policy as tables: scenario files, random histories of one host and of many, and every
# state that there is.
TESTS += scenario law fleet_law every
world_SRCS    := tests/scenario/world.c
scenario_SRCS := tests/scenario/scenario.c $(world_SRCS)
scenario_LIBS := $(core_LIBS)
law_SRCS      := tests/scenario/law.c $(world_SRCS)
law_LIBS      := $(core_LIBS)
fleet_law_SRCS := tests/scenario/fleet_law.c
fleet_law_LIBS := $(core_LIBS)
every_SRCS    := tests/scenario/every.c tests/scenario/oracle.c
every_LIBS    := $(core_LIBS)

## scenarios   policy scenarios, random histories and every state of two hosts
.PHONY: scenarios
scenarios: $(BUILD)/scenario $(BUILD)/law $(BUILD)/fleet_law $(BUILD)/every
	$(BUILD)/scenario tests/scenario/cases/*.scn
	$(BUILD)/law 20000
	$(BUILD)/fleet_law 3000
	$(BUILD)/every 2

## mutants     turn each condition, level and rule: does a scenario die of it?
.PHONY: mutants
mutants: $(BUILD)/scenario $(BUILD)/law $(BUILD)/every $(BUILD)/tests/test_fold $(BUILD)/tests/test_fold_model
	tests/mutants/run $(BUILD)

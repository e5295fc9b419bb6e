# SPDX-License-Identifier: BSD-2-Clause
PROGRAMS             += postseal-milter
postseal-milter_SRCS := $(wildcard milter/*.c)
postseal-milter_LIBS := -lmilter $(LIBS_LEDGER) $(LIBS_SETTINGS) $(core_LIBS)

# These tests talk to the program itself.
$(BUILD)/tests/test_milter $(BUILD)/tests/test_milter_sender: | $(BUILD)/postseal-milter

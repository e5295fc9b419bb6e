# SPDX-License-Identifier: BSD-2-Clause
PROGRAMS             += postseal-milter
postseal-milter_SRCS := $(wildcard milter/*.c)
postseal-milter_LIBS := $(LIBS_TLS) $(LIBS_LEDGER) $(LIBS_SETTINGS) $(core_LIBS)

# These tests talk to the program itself.
$(addprefix $(BUILD)/tests/,test_milter test_milter_pulse test_milter_seal test_milter_sender): | $(BUILD)/postseal-milter

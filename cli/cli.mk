# SPDX-License-Identifier: BSD-2-Clause
PROGRAMS      += postseal
postseal_SRCS := $(wildcard cli/*.c)
postseal_LIBS := $(LIBS_LEDGER) $(LIBS_LOOP) $(LIBS_SETTINGS) $(LIBS_JSON) $(core_LIBS)

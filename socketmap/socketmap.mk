# SPDX-License-Identifier: BSD-2-Clause
PROGRAMS                += postseal-socketmap
postseal-socketmap_SRCS := $(wildcard socketmap/*.c)
postseal-socketmap_LIBS := $(LIBS_LEDGER) $(LIBS_LOOP) $(LIBS_SETTINGS) $(LIBS_JSON) $(core_LIBS)

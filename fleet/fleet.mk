# SPDX-License-Identifier: BSD-2-Clause
PROGRAMS            += postseal-share
postseal-share_SRCS := $(wildcard fleet/*.c)
postseal-share_LIBS := $(LIBS_LEDGER) $(LIBS_ENGINE) $(LIBS_SETTINGS) $(core_LIBS)

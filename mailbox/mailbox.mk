# SPDX-License-Identifier: BSD-2-Clause
PROGRAMS              += postseal-mailbox
postseal-mailbox_SRCS := $(wildcard mailbox/*.c)
postseal-mailbox_LIBS := $(LIBS_LEDGER) $(LIBS_LOOP) $(LIBS_HTTP) $(LIBS_SETTINGS) $(LIBS_JSON) $(LIBS_TLS) \
                         $(core_LIBS)

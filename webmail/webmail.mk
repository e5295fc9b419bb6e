# SPDX-License-Identifier: BSD-2-Clause
PROGRAMS              += postseal-webmail
postseal-webmail_SRCS := $(wildcard webmail/*.c)
postseal-webmail_LIBS := $(LIBS_LEDGER) $(LIBS_HTTP) $(LIBS_LOOP) $(LIBS_SETTINGS) $(LIBS_JSON) $(core_LIBS)

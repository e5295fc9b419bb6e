# SPDX-License-Identifier: BSD-2-Clause
PROGRAMS      += postseal
postseal_SRCS := $(wildcard cli/*.c)
postseal_LIBS := $(LIBS_LEDGER) $(LIBS_LOOP) $(LIBS_SETTINGS) $(LIBS_JSON) $(LIBS_RESOLVER) \
                 $(LIBS_TLS) $(core_LIBS)
# Where `doctor` sends an admin for examples.
CPPFLAGS      += -DPOSTSEAL_DOC='"$(PREFIX)/share/doc/postseal"'

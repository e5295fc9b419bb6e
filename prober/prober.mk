# SPDX-License-Identifier: BSD-2-Clause
PROGRAMS             += postseal-prober
postseal-prober_SRCS := $(wildcard prober/*.c)
postseal-prober_LIBS := $(LIBS_LEDGER) $(LIBS_LOOP) $(LIBS_SETTINGS) $(LIBS_RESOLVER) $(LIBS_TLS) \
                        $(LIBS_HTTPS) $(core_LIBS)

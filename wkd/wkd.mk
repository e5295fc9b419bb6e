# SPDX-License-Identifier: BSD-2-Clause
PROGRAMS          += postseal-wkd
postseal-wkd_SRCS := $(wildcard wkd/*.c)
postseal-wkd_LIBS := $(LIBS_RESOLVER) $(LIBS_SETTINGS) $(LIBS_TLS) $(LIBS_HTTPS) $(core_LIBS)

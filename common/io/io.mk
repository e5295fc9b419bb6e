# SPDX-License-Identifier: BSD-2-Clause
# One outside library a file; a program names those that it uses.
ARCHIVES  += io
io_SRCS   := $(wildcard common/io/*/*.c)

LIBS_LEDGER   := $(call pkg,lmdb)
LIBS_LOOP     := $(call pkg,libevent_core)
LIBS_HTTP     := $(call pkg,libevent)
LIBS_SETTINGS := $(call pkg,libconfuse)
LIBS_RESOLVER := $(call pkg,ldns)
LIBS_TLS      := $(call pkg,libssl libcrypto)
LIBS_HTTPS    := $(call pkg,libcurl)
LIBS_ENGINE   := $(call pkg,libpq)
LIBS_JSON     := $(call pkg,jansson)
# Where libpq's header is, which is not where others are.
$(BUILD)/obj/common/io/engine/engine.o: CPPFLAGS += $(shell pkg-config --cflags libpq)

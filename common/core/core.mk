# SPDX-License-Identifier: BSD-2-Clause
# Pure: libc and libidn2 alone. `make check` proves it (tests/lint/purity).
ARCHIVES  += core
core_SRCS := $(wildcard common/core/*/*.c)
core_LIBS := $(call pkg,libidn2)

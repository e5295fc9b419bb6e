# SPDX-License-Identifier: BSD-2-Clause
# Pure: libc, libidn2, and libunistring, which libidn2 has its tables from. `make check` proves it
# (tests/lint/purity).
ARCHIVES  += core
core_SRCS := $(wildcard common/core/*/*.c)
# libunistring has no file for pkg-config.
core_LIBS := $(call pkg,libidn2) -lunistring

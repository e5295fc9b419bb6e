# SPDX-License-Identifier: BSD-2-Clause
ARCHIVES    += daemon
daemon_SRCS := $(wildcard common/daemon/*.c)

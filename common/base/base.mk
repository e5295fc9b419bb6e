# SPDX-License-Identifier: BSD-2-Clause
ARCHIVES  += base
base_SRCS := $(wildcard common/base/*.c)

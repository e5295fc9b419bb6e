# SPDX-License-Identifier: BSD-2-Clause
# The misbehaving mail host of the live tests.
TESTS           += tests/peer
tests/peer_SRCS := tests/live/peer.c

# SPDX-License-Identifier: BSD-2-Clause
#
# One non-recursive Makefile. Each folder has a NAME.mk that lists its sources;
# objects, archives, programs and tests go to $(BUILD). `make help` lists targets.

BUILD   ?= build
CC      ?= cc
VERSION := 0.1.0
PREFIX  ?= /usr/local

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla
ifdef CI
WARNINGS += -Werror
endif
OPTIMISE ?= -O2 -g
HARDEN   ?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
SANITIZE ?=

CPPFLAGS += -D_GNU_SOURCE -Icommon -I. -DPOSTSEAL_VERSION='"$(VERSION)"'
CFLAGS   += -std=c11 $(OPTIMISE) $(HARDEN) $(WARNINGS) $(SANITIZE) -pthread
LDFLAGS  += $(SANITIZE) -pthread -pie -Wl,-z,relro,-z,now

# `make V=1` shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1) $(2)')

pkg = $(shell pkg-config --libs $(1))

.PHONY: all
all:

# Each .mk file adds to these: ARCHIVES and PROGRAMS are built by `all`, and
# objects of NAME are listed in NAME_SRCS, its libraries in NAME_LIBS.
ARCHIVES :=
PROGRAMS :=
TESTS    :=

include common/base/base.mk common/core/core.mk common/io/io.mk common/daemon/daemon.mk
include socketmap/socketmap.mk milter/milter.mk prober/prober.mk webmail/webmail.mk cli/cli.mk
include mailbox/mailbox.mk mailbox/web/web.mk wkd/wkd.mk fleet/fleet.mk
include tests/tests.mk

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

# An archive for each floor of the house.
define archive_rule
$(BUILD)/lib$(1).a: $(call obj,$($(1)_SRCS))
	$(call say,AR,$$@)
	$(Q)rm -f $$@
	$(Q)$(AR) rcs $$@ $$^
endef
$(foreach a,$(ARCHIVES),$(eval $(call archive_rule,$(a))))

# A program: its own objects, then the floors below it, highest first.
FLOORS := daemon io core base
define program_rule
$(BUILD)/$(1): $(call obj,$($(1)_SRCS)) $(FLOORS:%=$(BUILD)/lib%.a)
	$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$^ $($(1)_LIBS)
endef
$(foreach p,$(PROGRAMS) $(TESTS),$(eval $(call program_rule,$(p))))

$(BUILD)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

## all         build the programs, at $(BUILD)/postseal and so on
all: $(PROGRAMS:%=$(BUILD)/%)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

## demo        install what is missing (as root), build, and show the main job with real mail
.PHONY: demo
demo:
	tests/deps.sh build
	tests/deps.sh live
	+$(MAKE) all $(BUILD)/tests/peer $(BUILD)/mailbox/guest
	tests/live/demo

include install.mk

## clean       remove what was built
.PHONY: clean
clean:
	rm -rf $(BUILD)

## help        list the targets
.PHONY: help
help:
	@sed -n 's/^## /make /p' $(filter-out %.d,$(MAKEFILE_LIST)) | sed 's/$$(BUILD)/$(BUILD)/'

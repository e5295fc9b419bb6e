# SPDX-License-Identifier: BSD-2-Clause
PROGRAMS      += postseal
postseal_SRCS := $(wildcard cli/*.c cli/*/*.c)
postseal_LIBS := $(LIBS_LEDGER) $(LIBS_LOOP) $(LIBS_SETTINGS) $(LIBS_JSON) $(LIBS_RESOLVER) \
                 $(LIBS_TLS) $(LIBS_HTTPS) $(core_LIBS)
# Where `doctor` sends an admin for examples: to where install.mk puts them.
CPPFLAGS      += -DPOSTSEAL_DOC='"$(DOCDIR)"'

# Changes when DOCDIR does, as from `make` to `make install PREFIX=/usr`.
$(BUILD)/docdir: FORCE
	@mkdir -p $(@D)
	@echo '$(DOCDIR)' | cmp -s - $@ || echo '$(DOCDIR)' >$@
$(addprefix $(BUILD)/obj/cli/doctor/doctor_judge_,ways.o mailbox.o sealed.o): $(BUILD)/docdir
.PHONY: FORCE
FORCE:

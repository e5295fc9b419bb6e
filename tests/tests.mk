# SPDX-License-Identifier: BSD-2-Clause
# Each tests/unit/test_NAME.c is a libcheck program of its own.
LIBS_CHECK := $(call pkg,check)
UNIT_NAMES := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
TESTS      += $(UNIT_NAMES:%=tests/%)

define unit_vars
tests/$(1)_SRCS := tests/unit/$(1).c
tests/$(1)_LIBS := $(LIBS_CHECK) $(LIBS_LEDGER) $(LIBS_LOOP) $(LIBS_SETTINGS) $(LIBS_JSON) \
                   $(LIBS_RESOLVER) $(LIBS_TLS) $(LIBS_HTTPS) $(core_LIBS)
endef
$(foreach t,$(UNIT_NAMES),$(eval $(call unit_vars,$(t))))

.PHONY: unit
unit: $(UNIT_NAMES:%=$(BUILD)/tests/%)
	tests/unit/run $(BUILD)/tests

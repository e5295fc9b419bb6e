# SPDX-License-Identifier: BSD-2-Clause
# Each tests/fuzz/fuzz_NAME.c is a libFuzzer target. In an ordinary build it is
# linked with replay.c and run over its corpus; `make fuzz` builds all of it anew
# with clang into build/fuzz, where FUZZ_ENGINE is set.
FUZZ_ENGINE ?=
FUZZ_PREFIX := $(if $(FUZZ_ENGINE),,replay/)
FUZZ_NAMES  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZERS     := $(FUZZ_NAMES:%=$(FUZZ_PREFIX)%)
TESTS       += $(FUZZERS)

define fuzz_vars
$(FUZZ_PREFIX)$(1)_SRCS := tests/fuzz/$(1).c $(if $(FUZZ_ENGINE),,tests/fuzz/replay.c)
$(FUZZ_PREFIX)$(1)_LIBS := $(FUZZ_ENGINE) $(LIBS_TESTS)
endef
$(foreach t,$(FUZZ_NAMES),$(eval $(call fuzz_vars,$(t))))
# Those that look into a program.
$(FUZZ_PREFIX)fuzz_postconf_SRCS += cli/postconf.c
$(FUZZ_PREFIX)fuzz_api_json_SRCS += mailbox/api_json.c
$(FUZZ_PREFIX)fuzz_milter_answers_SRCS += milter/aliases.c

.PHONY: fuzz fuzzers replay
fuzzers: $(FUZZERS:%=$(BUILD)/%)

## fuzz        run each fuzz target for SECS seconds (60), with clang
fuzz:
	+$(MAKE) BUILD=build/fuzz CC=clang FUZZ_ENGINE=-fsanitize=fuzzer OPTIMISE='-O1 -g' HARDEN=-fPIE \
	    SANITIZE='-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all' fuzzers
	tests/fuzz/run build/fuzz $(or $(SECS),60)

## corpus      keep of what fuzzing found what reaches further than the corpus does
.PHONY: corpus
corpus:
	tests/fuzz/minimise build/fuzz

## replay      run each fuzz target over its corpus
replay: fuzzers
	tests/fuzz/replay $(BUILD)/replay

# SPDX-License-Identifier: BSD-2-Clause
# Each tests/unit/test_NAME.c is a libcheck program of its own.
LIBS_CHECK := $(call pkg,check)
LIBS_TESTS := $(LIBS_LEDGER) $(LIBS_LOOP) $(LIBS_HTTP) $(LIBS_SETTINGS) $(LIBS_JSON) $(LIBS_RESOLVER) \
              $(LIBS_TLS) $(LIBS_HTTPS) $(core_LIBS)
UNIT_NAMES := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
TESTS      += $(UNIT_NAMES:%=tests/%)

define unit_vars
tests/$(1)_SRCS := tests/unit/$(1).c
tests/$(1)_LIBS := $(LIBS_CHECK) $(LIBS_TESTS)
endef
$(foreach t,$(UNIT_NAMES),$(eval $(call unit_vars,$(t))))
# Those that look into a program.
tests/test_answer_SRCS += socketmap/answer.c socketmap/alias_maps.c
tests/test_share_SRCS += socketmap/share.c
tests/test_alias_maps_SRCS += socketmap/alias_maps.c
tests/test_status_SRCS += socketmap/answer.c socketmap/alias_maps.c
tests/test_tasks_SRCS += $(filter-out prober/main.c prober/pool.c,$(wildcard prober/*.c))
tests/test_pool_SRCS += prober/pool.c
tests/test_postconf_SRCS += cli/postconf.c
tests/test_due_SRCS += prober/scan.c prober/crowd.c
tests/test_crowd_SRCS += prober/crowd.c
tests/test_doctor_SRCS += cli/doctor/doctor_patient.c cli/postconf.c $(wildcard cli/doctor/doctor_judge*.c)
tests/test_top_SRCS += cli/verbs/top_page.c cli/terminal.c
# Those that start one.
$(patsubst %,$(BUILD)/tests/%,$(filter test_socketmap_%,$(UNIT_NAMES))): | $(BUILD)/postseal-socketmap
$(BUILD)/tests/test_webmail: | $(BUILD)/postseal-webmail $(BUILD)/postseal-socketmap
$(BUILD)/tests/test_prober: | $(BUILD)/postseal-prober
$(BUILD)/tests/test_mailbox $(BUILD)/tests/test_mailbox_abuse $(BUILD)/tests/test_mailbox_crash \
    $(BUILD)/tests/test_mailbox_openpgp $(BUILD)/tests/test_mailbox_input $(BUILD)/tests/test_mailbox_news: \
    | $(BUILD)/postseal-mailbox $(BUILD)/tests/postseal-mailbox-moved
tests/test_mailbox_abuse_SRCS += mailbox/store.c
tests/test_mailbox_input_SRCS += mailbox/store.c
tests/test_mailbox_store_SRCS += mailbox/store.c
# The mailbox daemon with a clock that can be moved, and a store that can be full.
TESTS += tests/postseal-mailbox-moved
tests/postseal-mailbox-moved_SRCS := $(wildcard mailbox/*.c) tests/unit/moved_clock.c tests/unit/full_store.c \
                                     tests/unit/crash_step.c
tests/postseal-mailbox-moved_LIBS := $(postseal-mailbox_LIBS)
# The command line with its clock stopped, which test_cli runs.
TESTS += tests/postseal-stopped
tests/postseal-stopped_SRCS := $(wildcard cli/*.c cli/*/*.c) tests/unit/stopped_clock.c
tests/postseal-stopped_LIBS := $(postseal_LIBS)
$(BUILD)/tests/test_cli $(BUILD)/tests/test_export $(BUILD)/tests/test_learn $(BUILD)/tests/test_status: \
    | $(BUILD)/tests/postseal-stopped

# Writes the test vectors of the mailbox, which its pages are tested with.
TESTS                      += mailbox/vectors
mailbox/vectors_SRCS       := tests/mailbox/vectors.c
mailbox/vectors_LIBS       := $(LIBS_TLS) $(core_LIBS)
# A recipient's browser for the live world.
TESTS                      += mailbox/guest
mailbox/guest_SRCS         := tests/mailbox/guest.c
mailbox/guest_LIBS         := $(LIBS_CHECK) $(LIBS_TESTS)
$(BUILD)/tests/test_crypto: | $(BUILD)/mailbox/vectors

# The misbehaving SMTP server of the live world.
TESTS           += tests/peer
tests/peer_SRCS := tests/live/peer.c tests/live/peer_smtp.c
tests/peer_LIBS := $(LIBS_TLS)

# A host's ledger, for the tests of the fleet.
TESTS           += tests/fleet_host
tests/fleet_host_SRCS := tests/fleet/host.c
tests/fleet_host_LIBS := $(LIBS_LEDGER) $(core_LIBS)

# What makes mail for the pages' tests.
TESTS                 += tests/seal-token
tests/seal-token_SRCS := tests/mailbox-web/seal-token.c
tests/seal-token_LIBS := $(LIBS_TLS) $(core_LIBS)

include tests/fuzz/fuzz.mk tests/lint/lint.mk tests/scenario/scenario.mk tests/bench/bench.mk
include tests/soak/soak.mk tests/faults/faults.mk

# What a check needs built; $(TESTS) holds the unit tests, the fuzz targets with
# replay.c, and the scenario programs.
.PHONY: testers
testers: all $(TESTS:%=$(BUILD)/%)

## unit        build and run the unit tests
.PHONY: unit
unit: $(UNIT_NAMES:%=$(BUILD)/tests/%)
	tests/unit/run $(BUILD)/tests

# The parts of a check, each with a command that ends in "N passed, N failed".
# The live tests find the programs by $$POSTSEAL_BUILD. What only computes gives way to what waits
# for events and is to see them soon.
export POSTSEAL_BUILD = $(abspath $(BUILD))
COMPUTES      := nice -n 5
PART_unit     := unit     "tests/unit/run $(BUILD)/tests"
PART_lint     := lint     "$(COMPUTES) tests/lint/run $(BUILD)"
PART_tools    := tools    "$(COMPUTES) tests/lint/tools"
PART_replay   := replay   "tests/fuzz/replay $(BUILD)/replay"
PART_scenario := scenario "$(BUILD)/scenario tests/scenario/cases/*.scn"
PART_law      := law      "$(COMPUTES) $(BUILD)/law 20000"
PART_fleet    := fleet    "$(COMPUTES) $(BUILD)/fleet_law 3000"
PART_every    := every    "$(COMPUTES) $(BUILD)/every"
PART_live     := live     "tests/live/run"
PART_gap      := gap      "tests/fleet/gap"
PART_share    := share    "tests/fleet/short"
PART_eyes     := eyes     "FLEET_LIVE_SHORT=1 tests/live/share"
PART_plugin   := plugin   "tests/webmail/roundcube/lint"

# As many jobs as there are processors, unless the user said how many.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

PARTS_HERE     = $(PART_unit) $(PART_replay) $(PART_scenario) $(PART_law) $(PART_fleet) $(PART_every)

# Three lanes at once: the sources; the programs here, then the fleets; the mail world.
## check       install what is missing (as root), build, run every test
.PHONY: check check-here check-live
check:
	tests/deps.sh check
	+$(MAKE) $(JOBS) testers
	tests/run-all $(PART_lint) $(PART_tools) $(PART_plugin) \
	    beside $(PARTS_HERE) $(PART_share) $(PART_eyes) \
	    beside $(PART_live)

## check-here  the same without the live tests
check-here: testers
	tests/run-all $(PART_lint) $(PART_plugin) $(PARTS_HERE)

## check-live  the live tests alone
check-live: testers
	tests/live/run

## check-fleet  hosts that share, on a real PostgreSQL: all of it (tests/fleet, tests/live/share); what it needs is installed (as root)
.PHONY: check-fleet
check-fleet: all $(BUILD)/tests/fleet_host $(BUILD)/tests/peer $(BUILD)/faults/skew.so
	tests/deps.sh build
	tests/deps.sh live
	tests/run-all $(PART_gap) $(PART_share) wire tests/fleet/wire trouble tests/fleet/trouble many tests/fleet/many \
	    eyes tests/live/share

# Not a part of `check`, which needs no browser.
## check-webmail  the Roundcube plugin and the small example in a headless Chromium; what that needs is installed (as root)
.PHONY: check-webmail
check-webmail:
	tests/deps.sh build
	tests/deps.sh live
	tests/deps.sh webmail
	+$(MAKE) $(JOBS) all $(BUILD)/tests/peer $(BUILD)/mailbox/guest
	tests/run-all webmail "tests/webmail/run $(BUILD)" $(PART_plugin) \
	    roundcube "tests/webmail/roundcube/run $(abspath $(BUILD))/webmail"

## check-mailbox  the pages of the temporary mailbox in a headless Chromium, installed if missing (as root)
.PHONY: check-mailbox
check-mailbox:
	tests/deps.sh build
	tests/deps.sh mailbox
	+$(MAKE) $(JOBS) all $(BUILD)/tests/seal-token
	tests/mailbox-web/run $(BUILD)

# What is built in $(BUILD), however it was.
.PHONY: built-check built-check-here
built-check:
	tests/run-all $(PARTS_HERE) $(PART_live)
built-check-here:
	tests/run-all $(PARTS_HERE)

# The same tests in a build that watches itself. Optimised a little, so that the
# live tests keep their pace; FORTIFY_SOURCE hides calls from the sanitizers.
sanitized_build = +$(MAKE) $(JOBS) BUILD=build/$(1) HARDEN=-fPIE OPTIMISE='-O1 -g' \
    SANITIZE='$(2) -fno-sanitize-recover=all -fno-omit-frame-pointer'

## asan        all tests under the address and undefined-behaviour sanitizers
.PHONY: asan tsan
asan:
	$(call sanitized_build,asan,-fsanitize=address -fsanitize=undefined) testers
	ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1 \
	    $(MAKE) BUILD=build/asan built-check

# ThreadSanitizer maps memory where a randomised layout may already be.
## tsan        all tests under the thread sanitizer
tsan:
	$(call sanitized_build,tsan,-fsanitize=thread) testers
	TSAN_OPTIONS="halt_on_error=1:suppressions=$(abspath tests/tsan.suppressions)" setarch -R $(MAKE) BUILD=build/tsan built-check

## valgrind    unit tests under valgrind, leaks are errors
.PHONY: valgrind
valgrind: $(UNIT_NAMES:%=$(BUILD)/tests/%)
	CK_FORK=no CK_TIMEOUT_MULTIPLIER=50 \
	UNIT_WRAP='valgrind -q --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99' \
	    tests/unit/run $(BUILD)/tests

## cover       line coverage of unit, replay and scenario tests, in build/cover/html; fails below 95 % of core
.PHONY: cover
cover:
	+$(MAKE) $(JOBS) BUILD=build/cover HARDEN=-fPIE OPTIMISE='-O0 -g' SANITIZE=--coverage testers
	find build/cover -name '*.gcda' -delete
	$(MAKE) BUILD=build/cover built-check-here
	tests/cover build/cover

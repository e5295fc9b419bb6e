# SPDX-License-Identifier: BSD-2-Clause
# The pages of the temporary mailbox: files that are served as they are, with their policies and
# sums beside them, in $(BUILD)/web.
WEB_FILES := $(shell find mailbox/web -type f)

all: $(BUILD)/web/SHA256SUMS
$(BUILD)/web/SHA256SUMS: $(WEB_FILES)
	$(call say,WEB,$(@D))
	$(Q)mailbox/web/build $(@D)

## vendor      fetch the libraries of the pages anew by npm, and compare them with what lies here
.PHONY: vendor
vendor:
	mailbox/web/vendor/fetch

/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of the mailbox: what is taken is the one encoding of what it says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mailbox/mbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define TRY(name, type)                                                             \
	do {                                                                        \
		static struct type record;                                          \
		struct buf again = { 0 };                                           \
                                                                                    \
		if (mbox_get_##name(&record, data, len)) {                          \
			mbox_put_##name(&again, &record);                           \
			if (again.len != len || memcmp(again.data, data, len) != 0) \
				abort();                                            \
		}                                                                   \
		buf_free(&again);                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	TRY(mailbox, mbox_mailbox);
	TRY(letter, mbox_letter);
	TRY(link, mbox_link);
	TRY(gate, mbox_gate);
	TRY(seen, mbox_seen);
	TRY(upload, mbox_upload);
	TRY(draft, mbox_draft);
	TRY(outgoing, mbox_outgoing);
	TRY(address, mbox_address);
	return 0;
}

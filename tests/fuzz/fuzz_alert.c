/* SPDX-License-Identifier: BSD-2-Clause */
/* What is kept of alerts: what is taken is exactly what would be written. */
#include <stdlib.h>
#include <string.h>

#include "core/alert/alert.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct alert_state state;
	struct buf again = { 0 };

	if (!alert_state_get(&state, bytes, len))
		return 0;
	alert_state_put(&again, &state);
	if (again.len != len || memcmp(again.data, bytes, len) != 0)
		abort();
	buf_free(&again);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What postseal-wkd says, and where the key of an address stands. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/protocol/wkd.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Whatever the address, its URL is made of letters that no URL is cut at. */
static void look_for(const char *text, size_t len)
{
	unsigned char hash[WKD_HASH_SIZE] = { 0 };
	char address[SEAL_ADDRESS_SIZE];
	struct wkd_name name;
	struct buf path = { 0 };

	if (!seal_address_take(address, text, len) || !wkd_name(&name, address))
		return;
	memcpy(hash, text, len < sizeof(hash) ? len : sizeof(hash));
	wkd_path(&path, WKD_ADVANCED, &name, hash);
	for (size_t i = 0; i < path.len; i++)
		assert(path.data[i] > ' ' && path.data[i] < 0x7f && path.data[i] != '#');
	assert(strchr(buf_cstr(&path), '?') == strrchr(buf_cstr(&path), '?'));
	buf_free(&path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char reason[WKD_REASON_SIZE];
	struct buf again = { 0 };
	struct span key = { "", 0 };

	look_for((const char *)bytes, len);
	if (wkd_answer_read(&key, reason, (const char *)bytes, len) != LOOKUP_FOUND) {
		assert(strlen(reason) < WKD_REASON_SIZE);
		return 0;
	}
	assert(key.len > 0 && key.len <= WKD_KEY_MAX);
	wkd_answer_put(&again, LOOKUP_FOUND, key, "");
	assert(key.at + key.len == (const char *)bytes + len);
	assert(memcmp(again.data + again.len - key.len, key.at, key.len) == 0);
	buf_free(&again);
	return 0;
}

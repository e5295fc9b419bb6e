/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/ledger/ledger_place.h"

#include <stdio.h>
#include <string.h>

#include "io/ledger/ledger_store.h"

static void encode(struct buf *out, const void *record)
{
	char text[LOGPLACE_TEXT_SIZE];

	logplace_format(text, record);
	buf_append_str(out, text);
}

static bool decode(void *record, const void *bytes, size_t len)
{
	return logplace_parse(record, bytes, len);
}

static bool readable(const void *bytes, size_t len)
{
	struct logplace scratch;

	return logplace_parse(&scratch, bytes, len);
}

static const struct codec codec_place = {
	.db = LEDGER_META,
	.size = sizeof(struct logplace),
	.encode = encode,
	.decode = decode,
	.readable = readable,
};

/* Apart from the other keys of `meta`, which hold no blank. */
#define KEY_SIZE (LEDGER_PLACE_NAME_MAX + sizeof("log "))

static bool key_of(char key[KEY_SIZE], const char *log)
{
	return snprintf(key, KEY_SIZE, "log %s", log) < (int)KEY_SIZE;
}

enum lookup ledger_get_place(struct ledger_txn *txn, const char *log, struct logplace *place)
{
	char key[KEY_SIZE];

	if (key_of(key, log))
		return ledger_load(txn, &codec_place, key, place);
	*place = (struct logplace){ 0 };
	return LOOKUP_ABSENT;
}

bool ledger_put_place(struct ledger_txn *txn, const char *log, const struct logplace *place)
{
	char key[KEY_SIZE];

	return !key_of(key, log) || ledger_store(txn, &codec_place, key, place);
}

/* Apart from the other keys of `meta` by its blank. */
#define ALERTS_KEY "alerts told"

static void encode_alerts(struct buf *out, const void *record)
{
	alert_state_put(out, record);
}

static bool decode_alerts(void *record, const void *bytes, size_t len)
{
	return alert_state_get(record, bytes, len);
}

static bool alerts_readable(const void *bytes, size_t len)
{
	struct alert_state scratch;

	return alert_state_get(&scratch, bytes, len);
}

static const struct codec codec_alerts = {
	.db = LEDGER_META,
	.size = sizeof(struct alert_state),
	.encode = encode_alerts,
	.decode = decode_alerts,
	.readable = alerts_readable,
};

enum lookup ledger_get_alerts(struct ledger_txn *txn, struct alert_state *state)
{
	return ledger_load(txn, &codec_alerts, ALERTS_KEY, state);
}

bool ledger_put_alerts(struct ledger_txn *txn, const struct alert_state *state)
{
	return ledger_store(txn, &codec_alerts, ALERTS_KEY, state);
}

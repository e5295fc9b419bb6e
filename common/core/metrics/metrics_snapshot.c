/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots of the counts, as they lie in a file. */
#include "core/metrics/metrics.h"

#include <string.h>

#include "base/num.h"

/* "psmetric", as the bytes stand in the file of a little-endian machine. */
#define MAGIC UINT64_C(0x63697274656d7370)

enum {
	WORD_MAGIC,
	WORD_FINGERPRINT,
	WORD_SOURCE,
	WORD_PID,
	WORD_STARTED,
	WORD_ENDED,
	WORD_SETTINGS
};
_Static_assert(WORD_ENDED == METRICS_ENDED_WORD && WORD_SETTINGS == METRICS_SETTINGS_WORD &&
		       WORD_SETTINGS + 1 == METRICS_WORDS_BEFORE,
	       "");

static void hash_octets(uint64_t *hash, const char *octets, size_t len)
{
	*hash = num_fnv(*hash, octets, len);
	*hash = num_fnv(*hash, "\xff", 1); /* "ab", "c" is not "a", "bc" */
}

static void hash_text(uint64_t *hash, const char *text)
{
	hash_octets(hash, text, strlen(text));
}

static void hash_label(uint64_t *hash, const struct metric_label *label)
{
	hash_text(hash, label->name != NULL ? label->name : "");
	for (size_t i = 0; i < label->count; i++)
		hash_text(hash, label->value(i));
}

/* Of all that gives a cell its meaning: a file with other cells is not read as ours. */
static uint64_t fingerprint(void)
{
	uint64_t hash = NUM_FNV;

	for (size_t i = 0; i < metrics_table_count; i++) {
		const struct metric *metric = &metrics_table[i];
		const char shape[] = { (char)('a' + metric->kind), (char)('a' + metric->width) };

		hash_text(&hash, metric->name);
		hash_octets(&hash, shape, sizeof(shape));
		hash_label(&hash, &metric->label[0]);
		hash_label(&hash, &metric->label[1]);
	}
	return hash;
}

static void put(unsigned char *out, size_t word, uint64_t value)
{
	memcpy(out + 8 * word, &value, 8);
}

void metrics_encode(unsigned char out[METRICS_FILE_SIZE], const struct metrics_snapshot *snapshot)
{
	put(out, WORD_MAGIC, MAGIC);
	put(out, WORD_FINGERPRINT, fingerprint());
	put(out, WORD_SOURCE, snapshot->source);
	put(out, WORD_PID, (uint64_t)snapshot->pid);
	put(out, WORD_STARTED, (uint64_t)snapshot->started);
	put(out, WORD_ENDED, (uint64_t)snapshot->ended);
	put(out, WORD_SETTINGS, snapshot->settings);
	for (size_t i = 0; i < METRICS_CELLS; i++)
		put(out, METRICS_WORDS_BEFORE + i, snapshot->cell[i]);
}

static uint64_t get(const unsigned char *bytes, size_t word)
{
	uint64_t value;

	memcpy(&value, bytes + 8 * word, 8);
	return value;
}

/* A number that is not negative, and so could be a time or a process. */
static bool get_number(const unsigned char *bytes, size_t word, int64_t *value)
{
	uint64_t raw = get(bytes, word);

	*value = (int64_t)raw;
	return raw <= INT64_MAX;
}

static bool cells_are_its_own(const struct metrics_snapshot *snapshot)
{
	for (size_t i = 0; i < metrics_table_count; i++) {
		const struct metric *metric = &metrics_table[i];
		size_t end = metric->first +
			     metric->label[0].count * metric->label[1].count * metric->width;

		for (size_t cell = metric->first; cell < end; cell++)
			if (metric->source != snapshot->source && snapshot->cell[cell] != 0)
				return false;
	}
	return true;
}

enum metrics_verdict metrics_decode(struct metrics_snapshot *snapshot, const void *bytes,
				    size_t len)
{
	const unsigned char *at = bytes;

	if (len < 16 || get(at, WORD_MAGIC) != MAGIC)
		return METRICS_DAMAGED;
	if (get(at, WORD_FINGERPRINT) != fingerprint())
		return METRICS_OTHER_TABLE;
	if (len != METRICS_FILE_SIZE || get(at, WORD_SOURCE) >= METRICS_DAEMON_COUNT)
		return METRICS_DAMAGED;
	snapshot->source = (enum metrics_source)get(at, WORD_SOURCE);
	if (!get_number(at, WORD_PID, &snapshot->pid) ||
	    !get_number(at, WORD_STARTED, &snapshot->started) ||
	    !get_number(at, WORD_ENDED, &snapshot->ended))
		return METRICS_DAMAGED;
	snapshot->settings = get(at, WORD_SETTINGS);
	for (size_t i = 0; i < METRICS_CELLS; i++)
		snapshot->cell[i] = get(at, METRICS_WORDS_BEFORE + i);
	return cells_are_its_own(snapshot) ? METRICS_GOOD : METRICS_DAMAGED;
}

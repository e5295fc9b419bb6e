/* SPDX-License-Identifier: BSD-2-Clause */
#include "prober/crowd.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/num.h"

#define ROWS 2
#define SLOTS (1U << 16)

struct crowd {
	uint64_t seed[ROWS];
	uint32_t count[ROWS][SLOTS];
};

/* Something that a name is below. */
struct over {
	const char *name;
	size_t len;
};

struct crowd *crowd_new(void)
{
	struct crowd *crowd = mem_zero(1, sizeof(*crowd));

	/* Without chance it still counts; only that it can be foreseen then. */
	if (getrandom(crowd->seed, sizeof(crowd->seed), 0) != (ssize_t)sizeof(crowd->seed))
		crowd->seed[1] = 1;
	return crowd;
}

void crowd_free(struct crowd *crowd)
{
	free(crowd);
}

static uint32_t slot(const struct crowd *crowd, int row, struct over over)
{
	uint64_t hash = num_fnv(NUM_FNV, &crowd->seed[row], sizeof(crowd->seed[row]));

	hash = num_fnv(hash, over.name, over.len);
	return (uint32_t)((hash >> 32 ^ hash) % SLOTS);
}

/* "a.b.example:25" and "[a.b.example]:25": the name, without what is around it. */
static struct over bare(const char *key)
{
	const char *name = key + (key[0] == '[');

	return (struct over){ name, strcspn(name, "]:") };
}

/* No label that ends a name is a number (RFC 3696 2); and IPv6 has a colon in it. */
static bool is_address(const char *key, struct over name)
{
	return key[0] == '[' && name.len > 0 &&
	       (key[1 + name.len] == ':' || strspn(name.name, "0123456789.") == name.len);
}

/* The next shorter one that has a dot in it. */
static bool go_up(struct over *over)
{
	const char *dot = memchr(over->name, '.', over->len);
	size_t cut = dot != NULL ? (size_t)(dot - over->name) + 1 : over->len;

	over->name += cut;
	over->len -= cut;
	return memchr(over->name, '.', over->len) != NULL;
}

void crowd_add(struct crowd *crowd, const char *key)
{
	struct over over = bare(key);

	if (is_address(key, over)) {
		over = (struct over){ "[", 1 };
		for (int row = 0; row < ROWS; row++)
			crowd->count[row][slot(crowd, row, over)]++;
		return;
	}
	while (go_up(&over))
		for (int row = 0; row < ROWS; row++)
			crowd->count[row][slot(crowd, row, over)]++;
}

static uint32_t counted(const struct crowd *crowd, struct over over)
{
	uint32_t least = UINT32_MAX;

	for (int row = 0; row < ROWS; row++) {
		uint32_t count = crowd->count[row][slot(crowd, row, over)];

		least = count < least ? count : least;
	}
	return least;
}

int64_t crowd_days(const struct crowd *crowd, const char *key)
{
	struct over over = bare(key);
	uint32_t most = 0;

	if (is_address(key, over))
		most = counted(crowd, (struct over){ "[", 1 });
	else
		while (go_up(&over)) {
			uint32_t count = counted(crowd, over);

			most = count > most ? count : most;
		}
	return most <= CROWD_DAILY ? 1 : ((int64_t)most + CROWD_DAILY - 1) / CROWD_DAILY;
}

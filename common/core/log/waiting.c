/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/log/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define LIFETIME_MAX (10 * 365 * INT64_C(86400))

enum waiting_cause waiting_because(const char *reason)
{
	/* From here on it is what the other server said. */
	if (strstr(reason, " said: ") != NULL || strstr(reason, "refused to talk to me: ") != NULL)
		return WAITING_OTHER;
	if (strstr(reason, "client TLS configuration problem") != NULL)
		return WAITING_POLICY;
	if (strstr(reason, "TLS") != NULL || strstr(reason, "ertificate") != NULL)
		return WAITING_TLS;
	return WAITING_OTHER;
}

bool waiting_lifetime(int64_t *seconds, const char *text)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = { { "", 86400 }, { "s", 1 },     { "m", 60 },
		      { "h", 3600 }, { "d", 86400 }, { "w", 604800 } };
	size_t digits = strspn(text, "0123456789");
	uint64_t number;

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(text + digits, units[i].unit) != 0)
			continue;
		if (!str_number(text, digits, (uint64_t)(LIFETIME_MAX / units[i].seconds), &number))
			return false;
		*seconds = (int64_t)number * units[i].seconds;
		return true;
	}
	return false;
}

/* Where the domain is, or would be. */
static size_t place_of(const struct waiting *waiting, const char *domain, bool *found)
{
	size_t low = 0, high = waiting->count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(domain, waiting->domains[middle].domain);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* NULL: no room for one more. */
static struct waiting_domain *domain_of(struct waiting *waiting, const char *domain)
{
	bool found;
	size_t at = place_of(waiting, domain, &found);
	struct waiting_domain *here;

	if (found)
		return &waiting->domains[at];
	if (waiting->count == WAITING_DOMAINS_MAX)
		return NULL;
	if (waiting->count == waiting->room) {
		waiting->room = waiting->room * 2 + 16;
		waiting->domains =
			mem_resize(waiting->domains, waiting->room, sizeof(waiting->domains[0]));
	}
	here = &waiting->domains[at];
	memmove(here + 1, here, (waiting->count - at) * sizeof(*here));
	waiting->count++;
	memset(here, 0, sizeof(*here));
	str_copy(here->domain, sizeof(here->domain), domain);
	return here;
}

/* Postfix shows the null sender so. */
static bool is_bounce(const char *sender)
{
	return sender[0] == '\0' || strcmp(sender, "MAILER-DAEMON") == 0;
}

static void add_to(struct waiting_domain *domain, const struct waiting_recipient *recipient,
		   int64_t returns)
{
	if (domain->mails == 0 || recipient->arrival < domain->oldest) {
		domain->oldest = recipient->arrival;
		str_printable(domain->reason, sizeof(domain->reason), recipient->reason,
			      strlen(recipient->reason));
	}
	if (domain->mails == 0 || returns < domain->returns)
		domain->returns = returns;
	if (domain->mails == 0 || domain->last != recipient->mail)
		domain->mails++;
	domain->last = recipient->mail;
}

void waiting_add(struct waiting *waiting, const struct waiting_recipient *recipient, bool sealed)
{
	enum waiting_cause cause = waiting_because(recipient->reason);
	const char *at = strrchr(recipient->address, '@');
	struct waiting_domain *domain = NULL;
	char folded[DOMAIN_SIZE];

	if (cause == WAITING_OTHER)
		return;
	if (at != NULL && domain_fold(folded, at + 1, strlen(at + 1)))
		domain = domain_of(waiting, folded);
	if (domain == NULL) {
		waiting->others++;
		return;
	}
	add_to(domain, recipient,
	       recipient->arrival + (is_bounce(recipient->sender) ? waiting->bounce_lifetime
								  : waiting->lifetime));
	domain->policy |= cause == WAITING_POLICY;
	domain->sealed |= sealed;
}

void waiting_free(struct waiting *waiting)
{
	free(waiting->domains);
	*waiting = (struct waiting){ 0 };
}

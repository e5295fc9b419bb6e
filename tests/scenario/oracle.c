/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/scenario/oracle.h"

#include <string.h>

enum postfix_level {
	AT_NOTHING, /* the answer is an error: mail waits */
	AT_MAY,
	AT_ENCRYPT,
	AT_DANE,
	AT_DANE_ONLY,
	AT_NAMES /* secure, fingerprint: the certificate is one of a list */
};

/* smtp_tls_dane_insecure_mx_policy */
enum insecure_mx { INSECURE_MX_MAY, INSECURE_MX_ENCRYPT, INSECURE_MX_DANE, INSECURE_MX_COUNT };

/* What the TLSA look-up brings when mail leaves. */
enum found { FOUND_USABLE, FOUND_UNUSABLE, FOUND_NONE, FOUND_NOT };

static bool is_word(const char *text, const char *word)
{
	size_t len = strcspn(text, " ");

	return strlen(word) == len && memcmp(text, word, len) == 0;
}

static bool read_level(enum postfix_level *level, const char *text)
{
	static const struct {
		const char *word;
		enum postfix_level level;
	} words[] = { { "may", AT_MAY },           { "encrypt", AT_ENCRYPT },
		      { "dane", AT_DANE },         { "dane-only", AT_DANE_ONLY },
		      { "fingerprint", AT_NAMES }, { "secure", AT_NAMES } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (is_word(text, words[i].word)) {
			*level = words[i].level;
			return true;
		}
	}
	return false;
}

/* `match=` may not be empty, and is not allowed below these levels (postconf(5)). */
static bool attributes_fit(const char *text, enum postfix_level level)
{
	const char *match = strstr(text, " match=");

	return match == NULL ||
	       (level == AT_NAMES && match[7] != '\0' && match[7] != ' ' && match[7] != ':');
}

static bool read_reply(enum postfix_level *level, const char *reply, const char *main)
{
	if (strncmp(reply, "TEMP ", 5) == 0 || strncmp(reply, "PERM ", 5) == 0) {
		*level = AT_NOTHING;
		return true;
	}
	if (strcmp(reply, "NOTFOUND ") == 0)
		return read_level(level, main);
	return strncmp(reply, "OK ", 3) == 0 && read_level(level, reply + 3) &&
	       attributes_fit(reply + 3, *level);
}

/* `dane` and `dane-only` of TLS_README, for one host; the attacker answers in its place. */
static enum oracle_end end_by_dane(enum postfix_level level, bool insecure, bool his_own,
				   enum found found, enum insecure_mx policy)
{
	bool only = level == AT_DANE_ONLY;

	if (insecure && (only || policy == INSECURE_MX_MAY))
		return only ? ORACLE_HELD : ORACLE_PLAIN;
	switch (found) {
	case FOUND_NOT:
		return ORACLE_HELD;
	case FOUND_NONE:
		return only ? ORACLE_HELD : ORACLE_PLAIN;
	case FOUND_UNUSABLE:
		return only ? ORACLE_HELD : ORACLE_STRANGER;
	case FOUND_USABLE:
		break;
	}
	if (insecure && policy == INSECURE_MX_ENCRYPT)
		return ORACLE_STRANGER;
	return his_own ? ORACLE_STRANGER : ORACLE_HELD;
}

static enum oracle_end end_at_host(enum postfix_level level, bool insecure, bool his_own,
				   enum found found, enum insecure_mx policy)
{
	switch (level) {
	case AT_NOTHING:
	case AT_NAMES:
		return ORACLE_HELD;
	case AT_MAY:
		return ORACLE_PLAIN;
	case AT_ENCRYPT:
		return ORACLE_STRANGER;
	case AT_DANE:
	case AT_DANE_ONLY:
		break;
	}
	return end_by_dane(level, insecure, his_own, found, policy);
}

static enum oracle_end worse(enum oracle_end a, enum oracle_end b)
{
	return a > b ? a : b;
}

/* Of one host whose owner has published that; he may have the look-up fail. */
static enum oracle_end end_of_owner(enum postfix_level level, bool insecure, bool his_own,
				    enum found published)
{
	enum oracle_end end = ORACLE_HELD;

	for (enum insecure_mx policy = 0; policy < INSECURE_MX_COUNT; policy++) {
		end = worse(end, end_at_host(level, insecure, his_own, published, policy));
		end = worse(end, end_at_host(level, insecure, his_own, FOUND_NOT, policy));
	}
	return end;
}

static enum oracle_end end_of_set(enum postfix_level level, bool insecure, bool his_own,
				  unsigned tlsa)
{
	enum oracle_end end = ORACLE_HELD;

	for (enum found f = FOUND_USABLE; f <= FOUND_NONE; f++)
		if (tlsa & 1u << f)
			end = worse(end, end_of_owner(level, insecure, his_own, f));
	return end;
}

bool oracle_worst(enum oracle_end *end, const char *reply, const char *main,
		  const struct oracle_world *world)
{
	bool insecure = world->by_mx && !world->mx_signed;
	enum postfix_level level;

	if (!read_reply(&level, reply, main))
		return false;
	*end = ORACLE_HELD;
	for (size_t i = 0; i < world->hosts; i++)
		*end = worse(*end, end_of_set(level, insecure, false, world->tlsa[i]));
	/* A host of his own, which forged MX records name. */
	if (!world->mx_signed)
		*end = worse(*end, end_of_set(level, true, true, ORACLE_ANY));
	return true;
}

bool oracle_worse_than_dane(const char *reply, const struct oracle_world *world)
{
	enum postfix_level level;

	if (!world->mx_signed || !read_reply(&level, reply, "dane"))
		return false;
	for (size_t i = 0; i < world->hosts; i++)
		for (enum found f = FOUND_USABLE; f <= FOUND_NONE; f++)
			if ((world->tlsa[i] & 1u << f) &&
			    end_of_owner(level, false, false, f) >
				    end_of_owner(AT_DANE, false, false, f))
				return true;
	return false;
}

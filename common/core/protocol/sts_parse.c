/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/protocol/sts.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/span.h"

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* sts-ext-name and sts-policy-ext-name, which the known names are cases of. */
static bool name_valid(struct span name)
{
	if (name.len == 0 || name.len > 32 || !is_alnum(name.at[0]))
		return false;
	for (size_t i = 1; i < name.len; i++)
		if (!is_alnum(name.at[i]) && memchr("_-.", name.at[i], 3) == NULL)
			return false;
	return true;
}

/* The TXT record, RFC 8461 3.1 */

#define TXT_VERSION "v=STSv1"

static bool txt_claims(const struct sts_txt *record)
{
	static const char start[] = TXT_VERSION ";";

	return record->len >= sizeof(start) - 1 &&
	       memcmp(record->bytes, start, sizeof(start) - 1) == 0;
}

/* sts-ext-value: printable ASCII but "=" and ";". */
static bool txt_value_valid(struct span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] < 0x21 || value.at[i] > 0x7e || value.at[i] == '=')
			return false;
	return value.len > 0;
}

static bool txt_id_valid(struct span id)
{
	for (size_t i = 0; i < id.len; i++)
		if (!is_alnum(id.at[i]))
			return false;
	return id.len > 0 && id.len < STS_ID_SIZE;
}

/* NULL, or what is wrong with the record. */
static const char *txt_parse(char id[STS_ID_SIZE], const struct sts_txt *record)
{
	struct span rest = { record->bytes, record->len };
	bool more;

	id[0] = '\0';
	(void)span_cut(&rest, ";", &more);
	for (rest = span_trim_left(rest); rest.len > 0; rest = span_trim_left(rest)) {
		struct span value = span_cut(&rest, ";", &more), name;
		bool assigned;

		/* Blanks belong to a ";", before it or after it: sts-field-delim. */
		if (more)
			value = span_trim(value);

		name = span_cut(&value, "=", &assigned);
		if (!assigned || !name_valid(name) || !txt_value_valid(value))
			return "a field of the _mta-sts TXT record is malformed";
		if (!span_is(name, "id") || id[0] != '\0')
			continue;
		if (!txt_id_valid(value))
			return "the id in the _mta-sts TXT record is not 1 to 32 letters and "
			       "digits";
		str_copy_n(id, STS_ID_SIZE, value.at, value.len);
	}
	return id[0] == '\0' ? "the _mta-sts TXT record has no id" : NULL;
}

bool sts_txt_id(char id[STS_ID_SIZE], const struct sts_txt *records, size_t count,
		char detail[DETAIL_SIZE])
{
	const struct sts_txt *only = NULL;
	const char *wrong = NULL;
	size_t claims = 0;

	id[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		if (txt_claims(&records[i])) {
			only = &records[i];
			claims++;
		}
	}
	if (claims > 1)
		wrong = "more than one _mta-sts TXT record begins with v=STSv1;";
	else if (claims == 1)
		wrong = txt_parse(id, only);
	if (wrong != NULL)
		id[0] = '\0';
	str_copy(detail, DETAIL_SIZE, wrong != NULL ? wrong : "");
	return id[0] != '\0';
}

/* The policy, RFC 8461 3.2 */

/* Which of the fields that may stand only once have been seen. */
struct fields {
	bool version;
	bool mode;
	bool max_age;
};

static const char *put_mode(struct sts_policy *policy, struct span value)
{
	static const struct {
		const char *name;
		enum sts_mode mode;
	} modes[] = { { "enforce", STS_ENFORCE },
		      { "testing", STS_TESTING },
		      { "none", STS_NONE } };

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (span_is(value, modes[i].name)) {
			policy->mode = modes[i].mode;
			return NULL;
		}
	}
	return "the mode is none of enforce, testing, none";
}

static const char *put_max_age(struct sts_policy *policy, struct span value)
{
	uint64_t seconds;

	if (value.len > 10 || !str_number(value.at, value.len, UINT64_MAX, &seconds))
		return "max_age is not a number of 1 to 10 digits";
	policy->max_age = seconds > STS_MAX_AGE_MAX ? STS_MAX_AGE_MAX : (int64_t)seconds;
	return NULL;
}

/*
 * The grammar of RFC 5321 lets "1.2.3.4" be a Domain. No host is called so, and there is
 * nothing that it could match.
 */
static bool is_no_host(struct span value)
{
	bool dot = true;

	for (size_t i = 0; i < value.len; i++) {
		bool was_dot = dot;

		dot = value.at[i] == '.';
		if ((dot && was_dot) || (!dot && (value.at[i] < '0' || value.at[i] > '9')))
			return false;
	}
	return !dot;
}

/* U-labels break the RFC, but what they mean is beyond doubt. */
static bool fold_pattern(char pattern[DOMAIN_SIZE], struct span value)
{
	bool wildcard = value.len > 2 && memcmp(value.at, "*.", 2) == 0;
	char name[DOMAIN_SIZE];
	int len;

	if (wildcard) {
		value.at += 2;
		value.len -= 2;
	}
	if (value.len == 0 || !domain_fold(name, value.at, value.len))
		return false;
	len = snprintf(pattern, DOMAIN_SIZE, "%s%s", wildcard ? "*." : "", name);
	return len > 0 && len < DOMAIN_SIZE;
}

static const char *put_mx(struct sts_policy *policy, struct span value)
{
	char pattern[DOMAIN_SIZE];

	if (is_no_host(value))
		return NULL;
	if (!fold_pattern(pattern, value))
		return "an mx is neither a host name nor *. and a domain name";
	for (size_t i = 0; i < policy->patterns; i++)
		if (strcmp(policy->pattern[i], pattern) == 0)
			return NULL;
	if (policy->patterns == STS_PATTERN_MAX)
		policy->truncated = true;
	else
		str_copy(policy->pattern[policy->patterns++], DOMAIN_SIZE, pattern);
	return NULL;
}

/*
 * sts-policy-ext-value, and so any other value: no control characters. It is
 * not checked to be UTF-8, since nobody will read it.
 */
static bool value_valid(struct span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (str_is_control(value.at[i]))
			return false;
	return value.len > 0;
}

/* A field that stands once: true the first time. */
static bool first(bool *seen)
{
	bool is_first = !*seen;

	*seen = true;
	return is_first;
}

/* One line without its end. NULL, or what is wrong with it. */
static const char *put_line(struct sts_policy *policy, struct fields *seen, struct span line)
{
	bool assigned;
	struct span name = span_cut(&line, ":", &assigned);
	struct span value = span_trim(line);

	if (!assigned || !name_valid(name) || !value_valid(value))
		return "not a field and its value";
	if (span_is(name, "mx"))
		return put_mx(policy, value);
	if (span_is(name, "version") && first(&seen->version))
		return span_is(value, "STSv1") ? NULL : "the version is not STSv1";
	if (span_is(name, "mode") && first(&seen->mode))
		return put_mode(policy, value);
	if (span_is(name, "max_age") && first(&seen->max_age))
		return put_max_age(policy, value);
	return NULL;
}

static const char *missing(const struct sts_policy *policy, const struct fields *seen)
{
	if (!seen->version)
		return "the policy has no version";
	if (!seen->mode)
		return "the policy has no mode";
	if (!seen->max_age)
		return "the policy has no max_age";
	if (policy->patterns == 0 && policy->mode != STS_NONE)
		return "the policy has no mx that a host could have";
	return NULL;
}

bool sts_policy_parse(struct sts_policy *policy, const char *body, size_t len,
		      char detail[DETAIL_SIZE])
{
	struct span rest = { body, len };
	struct fields seen = { 0 };
	const char *wrong;

	*policy = (struct sts_policy){ 0 };
	detail[0] = '\0';
	if (len > STS_BODY_MAX) {
		str_copy(detail, DETAIL_SIZE, "the policy is longer than 64 KB");
		return false;
	}
	for (unsigned number = 1; rest.len > 0; number++) {
		bool ended;
		struct span line = span_cut(&rest, "\n", &ended);

		if (ended && line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		/* A line of blanks says nothing, and editors leave such lines. */
		wrong = span_trim(line).len == 0 ? NULL : put_line(policy, &seen, line);
		if (wrong != NULL) {
			snprintf(detail, DETAIL_SIZE, "line %u of the policy: %s", number, wrong);
			return false;
		}
	}
	wrong = missing(policy, &seen);
	if (wrong != NULL)
		str_copy(detail, DETAIL_SIZE, wrong);
	return wrong == NULL;
}

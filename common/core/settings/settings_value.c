/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/settings/settings_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/names/domain.h"
#include "core/names/ipaddr.h"
#include "core/facts/observation.h"

#define WORDS_MAX 31 /* of a command and its arguments */

void string_list_free(struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct string_list){ 0 };
}

bool string_list_has(const struct string_list *list, const char *item)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], item) == 0)
			return true;
	}
	return false;
}

static void *field_of(struct settings *settings, const struct setting *self)
{
	return (char *)settings + self->offset;
}

static const void *const_field_of(const struct settings *settings, const struct setting *self)
{
	return (const char *)settings + self->offset;
}

bool setting_fault_at(struct setting_fault *fault, size_t index, const char *expected)
{
	fault->index = index;
	snprintf(fault->expected, sizeof(fault->expected), "%s", expected);
	return false;
}

static bool one_value(size_t count, struct setting_fault *fault)
{
	return count == 1 || setting_fault_at(fault, count, "exactly one value");
}

/* Numbers, booleans and enumerations, whatever their width. */
static void store(struct settings *settings, const struct setting *self, uint64_t value)
{
	void *field = field_of(settings, self);

	switch (self->size) {
	case sizeof(uint8_t):
		*(uint8_t *)field = (uint8_t)value;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)field = (uint16_t)value;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)field = (uint32_t)value;
		break;
	case sizeof(uint64_t):
		*(uint64_t *)field = value;
		break;
	default:
		abort();
	}
}

static uint64_t load(const struct settings *settings, const struct setting *self)
{
	const void *field = const_field_of(settings, self);

	switch (self->size) {
	case sizeof(uint8_t):
		return *(const uint8_t *)field;
	case sizeof(uint16_t):
		return *(const uint16_t *)field;
	case sizeof(uint32_t):
		return *(const uint32_t *)field;
	case sizeof(uint64_t):
		return *(const uint64_t *)field;
	default:
		abort();
	}
}

void setting_store_string(struct settings *settings, const struct setting *self, const char *value)
{
	char **field = field_of(settings, self);
	char *old = *field;

	*field = mem_strdup(value);
	free(old);
}

bool setting_put_path(struct settings *settings, const struct setting *self,
		      const char *const *values, size_t count, struct setting_fault *fault)
{
	if (!one_value(count, fault))
		return false;
	if (values[0][0] != '/')
		return setting_fault_at(fault, 0, "an absolute path, such as /var/lib/postseal");
	if (strlen(values[0]) > (size_t)self->max) {
		setting_fault_at(fault, 0, "");
		snprintf(fault->expected, sizeof(fault->expected),
			 "a path of at most %" PRId64 " bytes", self->max);
		return false;
	}
	setting_store_string(settings, self, values[0]);
	return true;
}

bool setting_put_path_or_none(struct settings *settings, const struct setting *self,
			      const char *const *values, size_t count, struct setting_fault *fault)
{
	if (count == 1 && values[0][0] == '\0') {
		setting_store_string(settings, self, "");
		return true;
	}
	return setting_put_path(settings, self, values, count, fault);
}

bool setting_put_label(struct settings *settings, const struct setting *self,
		       const char *const *values, size_t count, struct setting_fault *fault)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";

	if (!one_value(count, fault))
		return false;
	if (strspn(values[0], allowed) != strlen(values[0]) || strlen(values[0]) > 64)
		return setting_fault_at(fault, 0, "at most 64 letters, digits, '.', '-' and '_'");
	setting_store_string(settings, self, values[0]);
	return true;
}

bool setting_put_name_or_none(struct settings *settings, const struct setting *self,
			      const char *const *values, size_t count, struct setting_fault *fault)
{
	char name[DOMAIN_SIZE] = "";

	if (!one_value(count, fault))
		return false;
	if (values[0][0] != '\0' && !domain_fold(name, values[0], strlen(values[0])))
		return setting_fault_at(fault, 0, "a host name, such as mail.example.com");
	setting_store_string(settings, self, name);
	return true;
}

/* What may stand in a local part without quotes (RFC 5322 3.2.3) and says nothing else there. */
#define DELIMITERS "+-=_.#~^&*/?"

bool setting_put_delimiters(struct settings *settings, const struct setting *self,
			    const char *const *values, size_t count, struct setting_fault *fault)
{
	if (!one_value(count, fault))
		return false;
	if (values[0][strspn(values[0], DELIMITERS)] != '\0')
		return setting_fault_at(fault, 0, "as in Postfix, one or more of " DELIMITERS);
	setting_store_string(settings, self, values[0]);
	return true;
}

/* Whether OpenSSL knows them is for whoever has OpenSSL. */
#define CIPHER_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+!@=:, "

bool setting_put_ciphers(struct settings *settings, const struct setting *self,
			 const char *const *values, size_t count, struct setting_fault *fault)
{
	if (!one_value(count, fault))
		return false;
	if (values[0][0] == '\0' || values[0][strspn(values[0], CIPHER_CHARACTERS)] != '\0')
		return setting_fault_at(fault, 0, "an OpenSSL cipher list, such as HIGH:!aNULL");
	setting_store_string(settings, self, values[0]);
	return true;
}

bool setting_put_bool(struct settings *settings, const struct setting *self,
		      const char *const *values, size_t count, struct setting_fault *fault)
{
	static const char *const yes[] = { "true", "yes", "on" };
	static const char *const no[] = { "false", "no", "off" };

	if (!one_value(count, fault))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		bool is_yes = str_equal_nocase(values[0], yes[i]);

		if (is_yes || str_equal_nocase(values[0], no[i])) {
			store(settings, self, is_yes);
			return true;
		}
	}
	return setting_fault_at(fault, 0, "true or false");
}

bool setting_put_number(struct settings *settings, const struct setting *self,
			const char *const *values, size_t count, struct setting_fault *fault)
{
	uint64_t number;

	if (!one_value(count, fault))
		return false;
	if (str_number(values[0], strlen(values[0]), (uint64_t)self->max, &number) &&
	    number >= (uint64_t)self->min) {
		store(settings, self, number);
		return true;
	}
	setting_fault_at(fault, 0, "");
	snprintf(fault->expected, sizeof(fault->expected),
		 "a number%s%s from %" PRId64 " to %" PRId64, self->unit != NULL ? " of " : "",
		 self->unit != NULL ? self->unit : "", self->min, self->max);
	return false;
}

/* Which of the setting's choices this is; false, and the fault set, if none. */
static bool find_choice(const struct setting *self, const char *const *values, size_t at,
			size_t *choice, struct setting_fault *fault)
{
	struct buf expected = { 0 };

	for (size_t i = 0; self->choices[i] != NULL; i++) {
		if (str_equal_nocase(self->choices[i], values[at])) {
			*choice = i;
			return true;
		}
	}
	for (size_t i = 0; self->choices[i] != NULL; i++)
		buf_printf(&expected, "%s%s", i == 0 ? "one of " : ", ", self->choices[i]);
	setting_fault_at(fault, at, buf_cstr(&expected));
	buf_free(&expected);
	return false;
}

bool setting_put_choice(struct settings *settings, const struct setting *self,
			const char *const *values, size_t count, struct setting_fault *fault)
{
	size_t choice;

	if (!one_value(count, fault) || !find_choice(self, values, 0, &choice, fault))
		return false;
	store(settings, self, choice);
	return true;
}

bool setting_put_tls_version(struct settings *settings, const struct setting *self,
			     const char *const *values, size_t count, struct setting_fault *fault)
{
	size_t choice;

	if (!one_value(count, fault) || !find_choice(self, values, 0, &choice, fault))
		return false;
	store(settings, self, tls_version_parse(self->choices[choice]));
	return true;
}

bool setting_put_set(struct settings *settings, const struct setting *self,
		     const char *const *values, size_t count, struct setting_fault *fault)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		size_t choice;

		if (!find_choice(self, values, i, &choice, fault))
			return false;
		bits |= UINT64_C(1) << choice;
	}
	store(settings, self, bits);
	return true;
}

bool setting_put_some(struct settings *settings, const struct setting *self,
		      const char *const *values, size_t count, struct setting_fault *fault)
{
	if (count == 0)
		return setting_fault_at(fault, 0, "at least one value");
	return setting_put_set(settings, self, values, count, fault);
}

/* Brings one item of a list into the form that is kept. */
typedef bool fold_fn(char dst[DOMAIN_SIZE], const char *value);

static bool fold_endpoint(char dst[DOMAIN_SIZE], const char *value)
{
	struct endpoint endpoint;

	return endpoint_parse(&endpoint, value) && str_copy(dst, DOMAIN_SIZE, value);
}

static bool fold_resolver(char dst[DOMAIN_SIZE], const char *value)
{
	struct ipaddr addr;
	struct endpoint endpoint;
	char text[DOMAIN_SIZE];

	if (!str_copy(dst, DOMAIN_SIZE, value))
		return false;
	if (ipaddr_parse(&addr, value, strlen(value)))
		return true;
	/* A resolver is named by address: a name would have to be resolved first. */
	if (value[0] != '[' && (value[0] < '0' || value[0] > '9'))
		return false;
	return (size_t)snprintf(text, sizeof(text), "inet:%s", value) < sizeof(text) &&
	       endpoint_parse(&endpoint, text);
}

static bool fold_domain(char dst[DOMAIN_SIZE], const char *value)
{
	return domain_fold(dst, value, strlen(value));
}

static bool put_list(struct settings *settings, const struct setting *self,
		     const char *const *values, size_t count, fold_fn *fold, const char *expected,
		     struct setting_fault *fault)
{
	struct string_list *field = field_of(settings, self);
	struct string_list list = { .items = count > 0 ? mem_zero(count, sizeof(char *)) : NULL };

	for (; list.count < count; list.count++) {
		char folded[DOMAIN_SIZE];

		if (!fold(folded, values[list.count])) {
			setting_fault_at(fault, list.count, expected);
			string_list_free(&list);
			return false;
		}
		list.items[list.count] = mem_strdup(folded);
	}
	string_list_free(field);
	*field = list;
	return true;
}

#define EXPECTED_ENDPOINT "inet:ADDRESS:PORT or unix:/PATH"

bool setting_put_endpoint(struct settings *settings, const struct setting *self,
			  const char *const *values, size_t count, struct setting_fault *fault)
{
	char folded[DOMAIN_SIZE];

	if (!one_value(count, fault))
		return false;
	if (!fold_endpoint(folded, values[0]))
		return setting_fault_at(fault, 0, EXPECTED_ENDPOINT);
	setting_store_string(settings, self, folded);
	return true;
}

bool setting_put_endpoints(struct settings *settings, const struct setting *self,
			   const char *const *values, size_t count, struct setting_fault *fault)
{
	return put_list(settings, self, values, count, fold_endpoint, EXPECTED_ENDPOINT, fault);
}

bool setting_put_resolvers(struct settings *settings, const struct setting *self,
			   const char *const *values, size_t count, struct setting_fault *fault)
{
	return put_list(settings, self, values, count, fold_resolver,
			"ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT", fault);
}

bool setting_put_domains(struct settings *settings, const struct setting *self,
			 const char *const *values, size_t count, struct setting_fault *fault)
{
	return put_list(settings, self, values, count, fold_domain,
			"a domain name, such as secure.example.com", fault);
}

/* As alphabetic as login names are; whether there is such a user is for who asks the system. */
static bool fold_name(char dst[DOMAIN_SIZE], const char *value)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";

	return value[0] != '\0' && value[0] != '-' && strspn(value, allowed) == strlen(value) &&
	       strlen(value) <= 32 && str_copy(dst, DOMAIN_SIZE, value);
}

bool setting_put_names(struct settings *settings, const struct setting *self,
		       const char *const *values, size_t count, struct setting_fault *fault)
{
	return put_list(settings, self, values, count, fold_name, "the login name of a local user",
			fault);
}

static bool fold_word(char dst[DOMAIN_SIZE], const char *value)
{
	for (const char *at = value; *at != '\0'; at++)
		if (*at != ' ' && !str_is_graph(*at))
			return false;
	return str_copy(dst, DOMAIN_SIZE, value);
}

bool setting_put_words(struct settings *settings, const struct setting *self,
		       const char *const *values, size_t count, struct setting_fault *fault)
{
	if (count > WORDS_MAX)
		return setting_fault_at(fault, WORDS_MAX, "a path and at most 30 arguments");
	if (count > 0 && values[0][0] != '/')
		return setting_fault_at(fault, 0, "a program's absolute path");
	return put_list(settings, self, values, count, fold_word,
			"at most 253 printable characters of ASCII", fault);
}

static bool fold_pair(char dst[DOMAIN_SIZE], const char *value)
{
	char left[DOMAIN_SIZE], right[DOMAIN_SIZE];
	const char *equals = strchr(value, '=');

	return equals != NULL && domain_fold(left, value, (size_t)(equals - value)) &&
	       domain_fold(right, equals + 1, strlen(equals + 1)) && strcmp(left, right) != 0 &&
	       str_join(dst, DOMAIN_SIZE, left, "=", right, NULL);
}

/* The first pair with the same left side as one before it; the number of pairs: there is none. */
static size_t repeated_pair(const struct string_list *list)
{
	for (size_t i = 1; i < list->count; i++) {
		size_t left = strcspn(list->items[i], "=") + 1;

		for (size_t j = 0; j < i; j++)
			if (strncmp(list->items[i], list->items[j], left) == 0)
				return i;
	}
	return list->count;
}

bool setting_put_pairs(struct settings *settings, const struct setting *self,
		       const char *const *values, size_t count, struct setting_fault *fault)
{
	struct string_list *field = field_of(settings, self), before = *field;
	size_t repeated;

	*field = (struct string_list){ 0 };
	if (!put_list(settings, self, values, count, fold_pair,
		      "two domains, such as secure.example.com=example.com", fault)) {
		*field = before;
		return false;
	}
	repeated = repeated_pair(field);
	if (repeated < field->count) {
		string_list_free(field);
		*field = before;
		return setting_fault_at(fault, repeated, "one pair for each secure domain");
	}
	string_list_free(&before);
	return true;
}

bool setting_put_networks(struct settings *settings, const struct setting *self,
			  const char *const *values, size_t count, struct setting_fault *fault)
{
	struct ipnet *nets = count > 0 ? mem_zero(count, sizeof(*nets)) : NULL;

	(void)self; /* the only list that is not of strings */
	for (size_t i = 0; i < count; i++) {
		if (!ipnet_parse(&nets[i], values[i])) {
			free(nets);
			return setting_fault_at(fault, i,
						"ADDRESS or ADDRESS/BITS, with no bits set "
						"behind the first BITS");
		}
	}
	free(settings->local_networks);
	settings->local_networks = nets;
	settings->local_networks_count = count;
	return true;
}

/* In quotes, with the two escapes that a file may have (io/local/settings_file.h). */
static void append_quoted(struct buf *out, const char *value)
{
	buf_append(out, "\"", 1);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			buf_append(out, "\\", 1);
		buf_append(out, value, 1);
	}
	buf_append(out, "\"", 1);
}

static void append_separator(struct buf *out, size_t index)
{
	if (index > 0)
		buf_append_str(out, ", ");
}

void setting_show_string(const struct settings *settings, const struct setting *self,
			 struct buf *out)
{
	append_quoted(out, *(char *const *)const_field_of(settings, self));
}

void setting_show_bool(const struct settings *settings, const struct setting *self, struct buf *out)
{
	buf_append_str(out, load(settings, self) != 0 ? "true" : "false");
}

void setting_show_number(const struct settings *settings, const struct setting *self,
			 struct buf *out)
{
	buf_printf(out, "%" PRIu64, load(settings, self));
}

void setting_show_choice(const struct settings *settings, const struct setting *self,
			 struct buf *out)
{
	buf_append_str(out, self->choices[load(settings, self)]);
}

void setting_show_tls_version(const struct settings *settings, const struct setting *self,
			      struct buf *out)
{
	buf_append_str(out, tls_version_name((uint16_t)load(settings, self)));
}

void setting_show_set(const struct settings *settings, const struct setting *self, struct buf *out)
{
	uint64_t bits = load(settings, self);
	size_t shown = 0;

	buf_append_str(out, "{");
	for (size_t i = 0; self->choices[i] != NULL; i++) {
		if ((bits >> i & 1) != 0) {
			append_separator(out, shown++);
			append_quoted(out, self->choices[i]);
		}
	}
	buf_append_str(out, "}");
}

void setting_show_list(const struct settings *settings, const struct setting *self, struct buf *out)
{
	const struct string_list *list = const_field_of(settings, self);

	buf_append_str(out, "{");
	for (size_t i = 0; i < list->count; i++) {
		append_separator(out, i);
		append_quoted(out, list->items[i]);
	}
	buf_append_str(out, "}");
}

void setting_show_networks(const struct settings *settings, const struct setting *self,
			   struct buf *out)
{
	(void)self;
	buf_append_str(out, "{");
	for (size_t i = 0; i < settings->local_networks_count; i++) {
		char text[IPADDR_SIZE];

		append_separator(out, i);
		buf_printf(out, "\"%s/%u\"", ipaddr_format(text, &settings->local_networks[i].addr),
			   settings->local_networks[i].bits);
	}
	buf_append_str(out, "}");
}

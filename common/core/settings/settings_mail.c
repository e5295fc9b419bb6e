/* SPDX-License-Identifier: BSD-2-Clause */
/* Values that are of the web or of mail: a URL, an address, a name for people. */
#include "core/settings/settings_value.h"

#include <string.h>

#include "base/span.h"
#include "base/str.h"
#include "core/names/seal_address.h"
#include "core/names/domain.h"

#define TEXT_MAX 100
#define SCHEME "https://"

static bool is_one(size_t count, struct setting_fault *fault)
{
	return count == 1 || setting_fault_at(fault, count, "exactly one value");
}

/* Well-formed UTF-8 as far as it matters here: whole sequences, nothing that controls. */
static bool is_text(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at != '\0') {
		size_t more = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;

		if (*at < 0x20 || *at == 0x7f || (*at >= 0x80 && *at < 0xc2) || *at > 0xf4)
			return false;
		for (at++; more > 0; more--, at++) {
			if ((*at & 0xc0) != 0x80)
				return false;
		}
	}
	return true;
}

bool setting_put_text(struct settings *settings, const struct setting *self,
		      const char *const *values, size_t count, struct setting_fault *fault)
{
	if (!is_one(count, fault))
		return false;
	if (strlen(values[0]) > TEXT_MAX || !is_text(values[0]))
		return setting_fault_at(fault, 0, "at most 100 bytes of UTF-8 in one line");
	setting_store_string(settings, self, values[0]);
	return true;
}

static bool fold_url(char dst[DOMAIN_SIZE + 16], const char *text)
{
	struct span rest = span_of(text), host;
	char domain[DOMAIN_SIZE], number[STR_DECIMAL_SIZE];
	uint64_t port = 443;
	bool has_port;

	if (!span_skip(&rest, SCHEME))
		return false;
	if (span_ends(rest, "/"))
		rest.len--;
	host = span_cut(&rest, ":", &has_port);
	if (!domain_fold(domain, host.at, host.len) ||
	    (has_port && (!span_number(&rest, 65535, &port) || rest.len > 0 || port == 0)))
		return false;
	if (port == 443)
		return str_join(dst, DOMAIN_SIZE + 16, SCHEME, domain, NULL);
	return str_join(dst, DOMAIN_SIZE + 16, SCHEME, domain, ":", str_decimal(number, port),
			NULL);
}

bool setting_put_url_or_none(struct settings *settings, const struct setting *self,
			     const char *const *values, size_t count, struct setting_fault *fault)
{
	char url[DOMAIN_SIZE + 16] = "";

	if (!is_one(count, fault))
		return false;
	if (values[0][0] != '\0' && !fold_url(url, values[0]))
		return setting_fault_at(fault, 0,
					"https, a host and perhaps a port, such as "
					"https://sealed.example.com");
	setting_store_string(settings, self, url);
	return true;
}

bool setting_put_ascii_address_or_none(struct settings *settings, const struct setting *self,
				       const char *const *values, size_t count,
				       struct setting_fault *fault)
{
	for (const char *at = values[0]; count == 1 && *at != '\0'; at++)
		if (!str_is_graph(*at))
			return setting_fault_at(fault, 0,
						"a mail address of ASCII characters alone");
	return setting_put_address_or_none(settings, self, values, count, fault);
}

bool setting_put_address_or_none(struct settings *settings, const struct setting *self,
				 const char *const *values, size_t count,
				 struct setting_fault *fault)
{
	char address[SEAL_ADDRESS_SIZE] = "";

	if (!is_one(count, fault))
		return false;
	if (values[0][0] != '\0' && !seal_address_take(address, values[0], strlen(values[0])))
		return setting_fault_at(fault, 0, "a mail address, such as sealed@example.com");
	setting_store_string(settings, self, address);
	return true;
}

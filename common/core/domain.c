/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain.h"

#include <idn2.h>
#include <string.h>

#include "base/str.h"

#define LABEL_MAX 63
/* Four bytes of UTF-8 for each byte a name can have in the end; more is none. */
#define TEXT_MAX (4 * DOMAIN_SIZE)

static bool label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool label_valid(const char *label, size_t len)
{
	if (len == 0 || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!label_char(label[i]))
			return false;
	return true;
}

static bool all_digits(const char *label, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (label[i] < '0' || label[i] > '9')
			return false;
	return true;
}

/* Lower case already, no trailing dot. */
static bool name_valid(const char *name)
{
	for (const char *label = name;; ) {
		size_t len = strcspn(label, ".");

		if (!label_valid(label, len))
			return false;
		if (label[len] == '\0')
			return !all_digits(label, len);
		label += len + 1;
	}
}

static bool is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

/* U-labels to A-labels, as browsers and mailers map them (UTS 46, non-transitional). */
static bool to_ascii(char dst[DOMAIN_SIZE], const char *text)
{
	char *ascii = NULL;
	bool fits;

	if (idn2_to_ascii_8z(text, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
		return false;
	fits = str_copy(dst, DOMAIN_SIZE, ascii);
	idn2_free(ascii);
	return fits;
}

bool domain_fold(char dst[DOMAIN_SIZE], const char *text, size_t len)
{
	char copy[TEXT_MAX];
	bool ok;

	dst[0] = '\0';
	if (len > 0 && text[len - 1] == '.')
		len--;
	if (memchr(text, '\0', len) != NULL || !str_copy_n(copy, sizeof(copy), text, len))
		return false;
	ok = is_ascii(copy, len) ? str_copy(dst, DOMAIN_SIZE, copy) : to_ascii(dst, copy);
	if (ok) {
		str_lower(dst);
		ok = name_valid(dst);
	}
	if (!ok)
		dst[0] = '\0';
	return ok;
}

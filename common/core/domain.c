/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/domain.h"

#include <idn2.h>
#include <string.h>

#include "base/str.h"

#define LABEL_MAX 63
/* Four bytes of UTF-8 for each byte a name can have in the end; more is none. */
#define TEXT_MAX (4 * DOMAIN_SIZE)

/* What a byte can be in a name; upper case is the bit that lower case has and it lacks. */
#define LOWER 0x01
#define DIGIT 0x02
#define HYPHEN 0x04
#define DOT 0x08
#define UPPER 0x20
#define IN_LABEL (LOWER | DIGIT | HYPHEN)

static const unsigned char kinds[256] = {
	['a' ... 'z'] = LOWER, ['_'] = LOWER, ['0' ... '9'] = DIGIT,
	['-'] = HYPHEN,        ['.'] = DOT,   ['A' ... 'Z'] = UPPER,
};

static unsigned kind_of(char c)
{
	return kinds[(unsigned char)c];
}

bool domain_is_folded(const char *name)
{
	for (;;) {
		const char *label = name;
		unsigned kind, seen = 0;

		while (((kind = kind_of(*name)) & IN_LABEL) != 0) {
			seen |= kind;
			name++;
		}
		if (name == label || name - label > LABEL_MAX || *label == '-' || name[-1] == '-')
			return false;
		if (*name == '\0')
			return seen != DIGIT;
		if (*name++ != '.')
			return false;
	}
}

/* A name of ASCII alone, as nearly all are; false for what is none. */
static bool fold_ascii(char dst[DOMAIN_SIZE], const char *text, size_t len)
{
	if (len >= DOMAIN_SIZE)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned kind = kind_of(text[i]);

		if (kind == 0)
			return false;
		dst[i] = (char)(text[i] | (kind & UPPER));
	}
	dst[len] = '\0';
	return domain_is_folded(dst);
}

static bool is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

/* U-labels to A-labels, as browsers and mailers map them (UTS 46, non-transitional). */
static bool fold_idn(char dst[DOMAIN_SIZE], const char *text, size_t len)
{
	char copy[TEXT_MAX];
	char *ascii = NULL;
	bool ok;

	if (is_ascii(text, len) || memchr(text, '\0', len) != NULL ||
	    !str_copy_n(copy, sizeof(copy), text, len) ||
	    idn2_to_ascii_8z(copy, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
		return false;
	ok = fold_ascii(dst, ascii, strlen(ascii));
	idn2_free(ascii);
	return ok;
}

bool domain_fold(char dst[DOMAIN_SIZE], const char *text, size_t len)
{
	if (len > 0 && text[len - 1] == '.')
		len--;
	if (fold_ascii(dst, text, len) || fold_idn(dst, text, len))
		return true;
	dst[0] = '\0';
	return false;
}

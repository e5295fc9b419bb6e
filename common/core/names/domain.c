/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/names/domain.h"

#include <idn2.h>
#include <string.h>

#include "base/str.h"
#include "core/names/ipaddr.h"

#define LABEL_MAX 63
/* Four bytes of UTF-8 for each byte a name can have in the end; more is none. */
#define TEXT_MAX (4 * DOMAIN_SIZE)

/* What a byte of a name is spelled as; 0: it is in none. */
#define SAME(c) [c] = (c)
#define SMALL(c) [c] = (c), [(c) - 'a' + 'A'] = (c)
static const char spelt[256] = {
	SAME('-'),  SAME('.'),  SAME('_'),  SAME('0'),  SAME('1'),  SAME('2'),  SAME('3'),
	SAME('4'),  SAME('5'),  SAME('6'),  SAME('7'),  SAME('8'),  SAME('9'),  SMALL('a'),
	SMALL('b'), SMALL('c'), SMALL('d'), SMALL('e'), SMALL('f'), SMALL('g'), SMALL('h'),
	SMALL('i'), SMALL('j'), SMALL('k'), SMALL('l'), SMALL('m'), SMALL('n'), SMALL('o'),
	SMALL('p'), SMALL('q'), SMALL('r'), SMALL('s'), SMALL('t'), SMALL('u'), SMALL('v'),
	SMALL('w'), SMALL('x'), SMALL('y'), SMALL('z'),
};
/* So that one comparison tells what needs a closer look. */
_Static_assert('-' < '.' && '.' < '0' && '.' < '_' && '.' < 'a', "as in ASCII");

static bool label_valid(const char *label, size_t len)
{
	return len > 0 && len <= LABEL_MAX && label[0] != '-' && label[len - 1] != '-';
}

static bool all_digits(const char *label, size_t len)
{
	size_t i = 0;

	while (i < len && label[i] >= '0' && label[i] <= '9')
		i++;
	return i == len;
}

/* What ends in digits is refused anyway. "1.0x7f" is an address, "example.0x7f" a name. */
static bool is_hexadecimal_address(const char *name, const char *last_label)
{
	struct ipaddr address;

	return last_label[0] == '0' && last_label[1] == 'x' &&
	       ipaddr_parse_numeric(&address, name, strlen(name));
}

/*
 * Folds a name of ASCII alone, as nearly all are; false, and dst undefined, for what
 * is none. One pass, since each look-up does this to several names.
 */
static bool fold_ascii(char dst[DOMAIN_SIZE], const char *text, size_t len)
{
	size_t start = 0;

	if (len >= DOMAIN_SIZE)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = spelt[(unsigned char)text[i]];

		dst[i] = c;
		if (c > '.' || c == '-')
			continue;
		if (c == '\0' || !label_valid(dst + start, i - start))
			return false;
		start = i + 1;
	}
	dst[len] = '\0';
	return label_valid(dst + start, len - start) && !all_digits(dst + start, len - start) &&
	       !is_hexadecimal_address(dst, dst + start);
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

bool domain_is_utf8(const char *text, size_t len)
{
	for (size_t at = 0, step; at < len; at += step) {
		step = str_utf8_length(text + at, len - at);
		if (step == 0)
			return false;
	}
	return true;
}

/* Whatever a mapping makes of the rest, these stay what they are. */
static bool ascii_of_names(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x80 && spelt[(unsigned char)text[i]] == '\0')
			return false;
	return true;
}

bool domain_may_exist(const char *text, size_t len)
{
	char name[DOMAIN_SIZE];
	struct ipaddr address;
	size_t digits = 0;

	if (!is_ascii(text, len))
		return len < TEXT_MAX && domain_is_utf8(text, len) && ascii_of_names(text, len);
	/* All is well but the last label: would it do if that were not all digits? */
	if (len == 0 || len + 1 >= DOMAIN_SIZE || text[len - 1] < '0' || text[len - 1] > '9' ||
	    ipaddr_parse_numeric(&address, text, len))
		return false;
	memcpy(name, text, len);
	while (digits < len && strchr("0123456789.", name[digits]) != NULL)
		digits++;
	name[len] = 'x';
	return digits < len && fold_ascii(name, name, len + 1);
}

const char *domain_fold_2003(char dst[DOMAIN_SIZE], const char *folded)
{
	char *unicode = NULL, *ascii = NULL;

	str_copy(dst, DOMAIN_SIZE, folded);
	if (strstr(folded, "xn--") == NULL ||
	    idn2_to_unicode_8z8z(folded, &unicode, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return dst;
	if (idn2_to_ascii_8z(unicode, &ascii, IDN2_TRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK ||
	    !fold_ascii(dst, ascii, strlen(ascii)))
		str_copy(dst, DOMAIN_SIZE, folded);
	idn2_free(ascii);
	idn2_free(unicode);
	return dst;
}

bool domain_take(char dst[DOMAIN_SIZE], const char *text, size_t len)
{
	if (fold_ascii(dst, text, len) && memcmp(dst, text, len) == 0)
		return true;
	dst[0] = '\0';
	return false;
}

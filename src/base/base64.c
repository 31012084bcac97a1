/* Base64 by tables. */
#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The value of a digit and 1; 0 is none. */
static const unsigned char value_of[256] = {
	0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
	0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  63, 0,  0,  53, 54, 55, 56,
	57, 58, 59, 60, 61, 62, 0,  0,  0,  0,  0,  0,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13,
	14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0,  0,  0,  0,  64, 0,  27, 28, 29, 30, 31, 32, 33,
	34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 0,  0,  0,  0,  0,
};

char *base64_write(char *text, const unsigned char *data, size_t len)
{
	char *to = text;
	unsigned bits = 0;
	int held = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | data[i];
		for (held += 8; held >= 6; held -= 6)
			*to++ = digits[bits >> (held - 6) & 63];
	}
	if (held)
		*to++ = digits[bits << (6 - held) & 63];
	*to = '\0';
	return text;
}

bool base64_read(unsigned char *data, size_t room, const char *text, size_t len, size_t *read)
{
	unsigned bits = 0;
	int held = 0;

	*read = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned value = value_of[(unsigned char)text[i]];

		if (!value)
			return false;
		bits = bits << 6 | (value - 1);
		held += 6;
		if (held < 8)
			continue;
		if (*read == room)
			return false;
		held -= 8;
		data[(*read)++] = (unsigned char)(bits >> held);
	}
	return held < 6 && (bits & ((1U << held) - 1)) == 0;
}

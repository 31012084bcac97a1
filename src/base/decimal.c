/* Digits from the last to the first. */
#include "base/decimal.h"

#include <string.h>

size_t decimal_write(char to[DECIMAL_TEXT], int64_t n)
{
	char digits[DECIMAL_TEXT], *end = digits + sizeof(digits), *p = end;
	uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;

	do
		*--p = (char)('0' + rest % 10);
	while (rest /= 10);
	if (n < 0)
		*--p = '-';
	memcpy(to, p, (size_t)(end - p));
	to[end - p] = '\0';
	return (size_t)(end - p);
}

/* Comparing numbers. */
#include "base/order.h"

#include <stdint.h>

int order_int64(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

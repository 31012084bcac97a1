/*
 * The order of numbers, for qsort() and bsearch().
 */
#ifndef USHER_BASE_ORDER_H
#define USHER_BASE_ORDER_H

/* Compares two int64_t; also a key with a struct that begins with its int64_t id. */
int order_int64(const void *a, const void *b);

#endif

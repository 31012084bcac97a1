/*
 * Whole numbers as text, where printf would cost more than all the rest.
 */
#ifndef USHER_BASE_DECIMAL_H
#define USHER_BASE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#define DECIMAL_TEXT 24

/* Writes `n` in decimal, with a NUL. Gives the length. */
size_t decimal_write(char to[DECIMAL_TEXT], int64_t n);

#endif

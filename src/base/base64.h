/*
 * Base64 with the alphabet of URLs and without padding (RFC 4648, 5). libsodium's takes the same time for every
 * text, for the sake of secrets, and that was a sixth of what a position poll does outside the kernel; what is
 * written here is no secret of its reader's.
 */
#ifndef USHER_BASE_BASE64_H
#define USHER_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Room for the text of `len` bytes and its NUL. */
#define BASE64_TEXT(len) ((len) / 3 * 4 + 4)

/* Writes `len` bytes as text. Gives `text`. */
char *base64_write(char *text, const unsigned char *data, size_t len);

/* Reads text of `len` characters into at most `room` bytes and gives true and how many they are. False: another
 * character, a length that cannot be, bits left over that are not 0 (so no two texts mean the same), or more than
 * there is room for. */
bool base64_read(unsigned char *data, size_t room, const char *text, size_t len, size_t *read);

#endif

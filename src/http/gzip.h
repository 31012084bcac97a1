/*
 * Bodies as gzip, put together from pieces that are compressed each by itself: a piece that has not changed
 * need not be compressed again.
 */
#ifndef USHER_HTTP_GZIP_H
#define USHER_HTTP_GZIP_H

#include <stdbool.h>
#include <stddef.h>

/* Compresses for one thread. */
struct gzip;

/* NULL when memory is out. */
struct gzip *gzip_new(void);
void gzip_free(struct gzip *g);

/* Some text, compressed. */
struct gzip_piece {
	unsigned char *data; /* malloc'ed */
	size_t len, text_len;
	unsigned long crc; /* of the text */
};

/* Compresses `len` bytes into `p`, in place of what it had. False when memory is out; what it had is gone
 * then, too. */
bool gzip_piece_make(struct gzip *g, struct gzip_piece *p, const char *text, size_t len);
void gzip_piece_free(struct gzip_piece *p);

/* A body being put together; zeroed in the beginning. The text is malloc'ed and the caller's. */
struct gzip_body {
	char *text;
	size_t len, size;
	size_t text_len;
	unsigned long crc;
	bool failed;
};

void gzip_body_begin(struct gzip_body *b);
void gzip_body_add(struct gzip_body *b, const struct gzip_piece *p);

/* Gives false, and no text, when memory was out on the way. */
bool gzip_body_end(struct gzip_body *b);

#endif

/* Pieces of a deflate stream that end on a byte and refer to nothing before them (RFC 1951, 1952). */
#include "http/gzip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define LEVEL 1
#define RAW_WINDOW (-15)
#define MEMORY 8
#define FLUSH_MOST 16 /* bytes that ending on a byte may take beside deflateBound() */

struct gzip {
	z_stream z;
	unsigned char *room;
	size_t size;
};

struct gzip *gzip_new(void)
{
	struct gzip *g = calloc(1, sizeof(*g));

	if (g && deflateInit2(&g->z, LEVEL, Z_DEFLATED, RAW_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(g);
		return NULL;
	}
	return g;
}

void gzip_free(struct gzip *g)
{
	if (!g)
		return;
	deflateEnd(&g->z);
	free(g->room);
	free(g);
}

static bool room_make(struct gzip *g, size_t size)
{
	unsigned char *more;

	if (size <= g->size)
		return true;
	more = realloc(g->room, size);
	if (!more)
		return false;
	g->room = more;
	g->size = size;
	return true;
}

bool gzip_piece_make(struct gzip *g, struct gzip_piece *p, const char *text, size_t len)
{
	unsigned char *data;

	gzip_piece_free(p);
	if (!room_make(g, deflateBound(&g->z, len) + FLUSH_MOST) || deflateReset(&g->z) != Z_OK)
		return false;
	g->z.next_in = (unsigned char *)(uintptr_t)text;
	g->z.avail_in = (unsigned)len;
	g->z.next_out = g->room;
	g->z.avail_out = (unsigned)g->size;
	if (deflate(&g->z, Z_SYNC_FLUSH) != Z_OK || g->z.avail_out == 0)
		return false;
	p->len = g->size - g->z.avail_out;
	data = malloc(p->len);
	if (!data)
		return false;
	memcpy(data, g->room, p->len);
	p->data = data;
	p->text_len = len;
	p->crc = crc32(0, (const unsigned char *)text, (unsigned)len);
	return true;
}

void gzip_piece_free(struct gzip_piece *p)
{
	free(p->data);
	*p = (struct gzip_piece){0};
}

static void append(struct gzip_body *b, const void *data, size_t len)
{
	size_t size = b->size ? b->size : 4096;
	char *more;

	while (size - b->len < len)
		size *= 2;
	if (size != b->size && !b->failed) {
		more = realloc(b->text, size);
		b->failed = !more;
		b->text = more ? more : b->text;
		b->size = more ? size : b->size;
	}
	if (b->failed || len == 0)
		return;
	memcpy(b->text + b->len, data, len);
	b->len += len;
}

void gzip_body_begin(struct gzip_body *b)
{
	/* No name, no time, made by anybody. */
	static const unsigned char head[] = {0x1f, 0x8b, Z_DEFLATED, 0, 0, 0, 0, 0, 0, 0xff};

	*b = (struct gzip_body){.crc = crc32(0, NULL, 0)};
	append(b, head, sizeof(head));
}

void gzip_body_add(struct gzip_body *b, const struct gzip_piece *p)
{
	append(b, p->data, p->len);
	b->crc = crc32_combine(b->crc, p->crc, (z_off_t)p->text_len);
	b->text_len += p->text_len;
}

bool gzip_body_end(struct gzip_body *b)
{
	unsigned char tail[10] = {3, 0}; /* the last block, which is empty; crc and size follow, low bytes first */

	for (int i = 0; i < 4; i++) {
		tail[2 + i] = (unsigned char)(b->crc >> 8 * i);
		tail[6 + i] = (unsigned char)(b->text_len >> 8 * i);
	}
	append(b, tail, sizeof(tail));
	if (b->failed) {
		free(b->text);
		b->text = NULL;
	}
	return !b->failed;
}

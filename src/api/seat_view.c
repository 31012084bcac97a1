/* The bodies of a map's views, and what tells one from another. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/seat_map_internal.h"

#define LONG_BODY 1024
#define BLOCKS_AT_ONCE 32
#define TAIL "]}"

struct seat_view *seat_map_view(struct seat_map *m, const char *section)
{
	return &m->views[section ? seat_map_section(m, section) : 0];
}

bool seat_view_is_long(const struct seat_view *view)
{
	return view->bytes >= LONG_BODY;
}

static void etag_write(const struct seat_map *m, struct seat_view *view)
{
	const uint64_t all[] = {(uint64_t)m->catalog->version, (uint64_t)m->schedule->id, view->number, view->sum[0],
				view->sum[1]};
	unsigned char hash[crypto_generichash_BYTES];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)all, sizeof(all), NULL, 0);
	sodium_bin2hex(view->hash, sizeof(view->hash), hash, HASH_BYTES);
	view->hash_fresh = true;
}

const char *seat_view_etag(struct seat_map *m, struct seat_view *view, bool gzip, char text[ETAG_TEXT])
{
	if (!view->hash_fresh)
		etag_write(m, view);
	snprintf(text, ETAG_TEXT, "\"%s%s\"", view->hash, gzip ? "-gzip" : "");
	return text;
}

/* Whether a block is part of a view. */
static bool shows(const struct seat_view *view, const struct block *b)
{
	return view->number == 0 || b->view == view->number;
}

/* Copies the texts of the free seats of a block, run by run. Gives how far it came. */
static char *block_copy(const struct seat_map *m, const struct block *b, char *to)
{
	for (size_t i = b->first, end; i < b->end; i = end + 1) {
		for (end = i; end < b->end && m->seats.free[end]; end++)
			;
		memcpy(to, m->text + m->at[i], m->at[end] - m->at[i]);
		to += m->at[end] - m->at[i];
	}
	return to;
}

bool seat_view_body(struct seat_map *m, struct seat_view *view, struct seat_body *out)
{
	size_t most = m->head_len + view->bytes + sizeof(TAIL);
	char *p = view->body_fresh ? NULL : realloc(view->body, most);

	if (p) {
		view->body = p;
		memcpy(p, m->head, m->head_len);
		/* The first seat has a comma in front as well: the head's last byte is put back over it. */
		p += m->head_len - (view->bytes > 0);
		for (size_t i = 0; i < m->block_count; i++)
			if (shows(view, &m->blocks[i]))
				p = block_copy(m, &m->blocks[i], p);
		view->body[m->head_len - 1] = m->head[m->head_len - 1];
		memcpy(p, TAIL, sizeof(TAIL));
		view->body_len = (size_t)(p - view->body) + strlen(TAIL);
		view->body_fresh = true;
	}
	*out = (struct seat_body){view->body, view->body_len};
	return view->body_fresh;
}

/* A block's free seats without the comma in front; nothing if there are none. */
static bool block_compress(struct gzip *g, const struct seat_map *m, struct block *b)
{
	char *text = malloc(m->at[b->end] - m->at[b->first] + 1);
	size_t len = text ? (size_t)(block_copy(m, b, text) - text) : 0;
	bool done = text != NULL;

	gzip_piece_free(&b->piece);
	if (len)
		done = gzip_piece_make(g, &b->piece, text + 1, len - 1);
	free(text);
	b->stale = !done;
	return done;
}

bool seat_view_compress(struct seat_maps *maps, struct seat_map *m, const struct seat_view *view)
{
	int left = BLOCKS_AT_ONCE;

	if (!maps->gzip)
		maps->gzip = gzip_new();
	for (size_t i = 0; maps->gzip && i < m->block_count; i++) {
		struct block *b = &m->blocks[i];

		if (!b->stale || !shows(view, b))
			continue;
		if (left-- == 0)
			return false;
		if (!block_compress(maps->gzip, m, b))
			break;
	}
	return true;
}

/* The compressed blocks with a comma between any two of them. */
static bool blocks_join(struct gzip_body *body, const struct gzip_piece *comma, const struct seat_map *m,
			const struct seat_view *view)
{
	size_t joined = 0;

	for (size_t i = 0; i < m->block_count; i++) {
		const struct block *b = &m->blocks[i];

		if (!shows(view, b))
			continue;
		if (b->stale)
			return false;
		if (!b->piece.len)
			continue;
		if (joined++ > 0)
			gzip_body_add(body, comma);
		gzip_body_add(body, &b->piece);
	}
	return !body->failed;
}

static bool gzip_make(struct gzip *g, const struct seat_map *m, const struct seat_view *view, struct gzip_body *body)
{
	struct gzip_piece head = {0}, comma = {0}, tail = {0};
	bool made = gzip_piece_make(g, &head, m->head, m->head_len) && gzip_piece_make(g, &comma, ",", 1) &&
		    gzip_piece_make(g, &tail, TAIL, strlen(TAIL));

	gzip_body_begin(body);
	gzip_body_add(body, &head);
	made = blocks_join(body, &comma, m, view) && made;
	gzip_body_add(body, &tail);
	made = gzip_body_end(body) && made;
	gzip_piece_free(&head);
	gzip_piece_free(&comma);
	gzip_piece_free(&tail);
	return made;
}

bool seat_view_gzip(struct seat_maps *maps, struct seat_map *m, struct seat_view *view, struct seat_body *out)
{
	struct gzip_body body = {0};

	if (!view->gzip_fresh) {
		free(view->gzip);
		view->gzip_fresh = maps->gzip && gzip_make(maps->gzip, m, view, &body);
		view->gzip = body.text;
		view->gzip_len = body.len;
	}
	*out = (struct seat_body){view->gzip, view->gzip_len};
	return view->gzip_fresh;
}

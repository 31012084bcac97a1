/* Writes and checks queue tokens. */
#include "engine/token.h"

#include <sodium.h>
#include <string.h>

#include "base/base64.h"

#define VERSION 1
#define MAC_BYTES 16
#define HEAD_BYTES 6
#define NUMBER_BYTES 24
#define MOST_BYTES (HEAD_BYTES + QUEUE_NAME_MAX + NUMBER_BYTES + MAC_BYTES)

_Static_assert(BASE64_TEXT(MOST_BYTES) <= TOKEN_TEXT, "a token must fit");

static void key_id(unsigned char id[4], const unsigned char *key)
{
	unsigned char hash[crypto_generichash_BYTES_MIN];

	crypto_generichash(hash, sizeof(hash), key, TOKEN_KEY_BYTES, NULL, 0);
	memcpy(id, hash, 4);
}

void token_keys_init(struct token_keys *k, const unsigned char *current, const unsigned char *previous)
{
	memset(k, 0, sizeof(*k));
	memcpy(k->current, current, TOKEN_KEY_BYTES);
	key_id(k->current_id, current);
	k->has_previous = previous != NULL;
	if (previous) {
		memcpy(k->previous, previous, TOKEN_KEY_BYTES);
		key_id(k->previous_id, previous);
	}
}

static unsigned char *number_put(unsigned char *p, uint64_t n)
{
	for (int i = 7; i >= 0; i--, n >>= 8)
		p[i] = (unsigned char)n;
	return p + 8;
}

static const unsigned char *number_get(const unsigned char *p, uint64_t *n)
{
	*n = 0;
	for (int i = 0; i < 8; i++)
		*n = *n << 8 | p[i];
	return p + 8;
}

static void mac(unsigned char out[MAC_BYTES], const unsigned char *key, const unsigned char *data, size_t len)
{
	crypto_generichash(out, MAC_BYTES, data, len, key, TOKEN_KEY_BYTES);
}

char *token_write(const struct token_keys *k, const struct token *t, char text[TOKEN_TEXT])
{
	unsigned char raw[MOST_BYTES], *p = raw;
	size_t queue_len = strlen(t->queue);

	*p++ = VERSION;
	memcpy(p, k->current_id, 4);
	p += 4;
	*p++ = (unsigned char)queue_len;
	memcpy(p, t->queue, queue_len);
	p = number_put(p + queue_len, t->user);
	p = number_put(p, t->place);
	p = number_put(p, (uint64_t)t->issued_at);
	mac(p, k->current, raw, (size_t)(p - raw));
	return base64_write(text, raw, (size_t)(p - raw) + MAC_BYTES);
}

static bool signed_with(const unsigned char *key, const unsigned char *id, const unsigned char *raw, size_t len)
{
	unsigned char want[MAC_BYTES];

	if (memcmp(raw + 1, id, 4) != 0)
		return false;
	mac(want, key, raw, len - MAC_BYTES);
	return sodium_memcmp(want, raw + len - MAC_BYTES, MAC_BYTES) == 0;
}

bool token_read(const struct token_keys *k, const char *text, size_t len, struct token *t)
{
	unsigned char raw[MOST_BYTES];
	const unsigned char *p = raw + HEAD_BYTES;
	uint64_t issued;
	size_t n, queue_len;

	if (!base64_read(raw, sizeof(raw), text, len, &n) || n < HEAD_BYTES)
		return false;
	queue_len = raw[5];
	if (raw[0] != VERSION || queue_len < 1 || queue_len > QUEUE_NAME_MAX ||
	    n != HEAD_BYTES + queue_len + NUMBER_BYTES + MAC_BYTES)
		return false;
	if (!signed_with(k->current, k->current_id, raw, n) &&
	    !(k->has_previous && signed_with(k->previous, k->previous_id, raw, n)))
		return false;
	memcpy(t->queue, p, queue_len);
	t->queue[queue_len] = '\0';
	p = number_get(p + queue_len, &t->user);
	p = number_get(p, &t->place);
	number_get(p, &issued);
	t->issued_at = (int64_t)issued;
	return true;
}

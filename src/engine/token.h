/*
 * Queue tokens: self-describing, signed, checked without asking anybody.
 *
 * The text is unpadded URL-safe base64 (RFC 4648) of
 *   version(1) key id(4) queue length(1) queue user(8) place(8) issued(8) MAC(16),
 * integers big-endian, the MAC being keyed BLAKE2b-128 (libsodium crypto_generichash) of all
 * before it. The same queue, user, place and issue time always give the same text.
 */
#ifndef USHER_ENGINE_TOKEN_H
#define USHER_ENGINE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_TEXT 128 /* room for any token and its NUL */
#define TOKEN_KEY_BYTES 32
#define QUEUE_NAME_MAX 32

struct token {
	char queue[QUEUE_NAME_MAX + 1];
	uint64_t user, place;
	int64_t issued_at; /* Unix ms */
};

struct token_keys {
	unsigned char current[TOKEN_KEY_BYTES], previous[TOKEN_KEY_BYTES];
	unsigned char current_id[4], previous_id[4];
	bool has_previous;
};

/* `previous` may be NULL. */
void token_keys_init(struct token_keys *k, const unsigned char *current, const unsigned char *previous);

/* Signs with the current key. Gives `text`. */
char *token_write(const struct token_keys *k, const struct token *t, char text[TOKEN_TEXT]);

/* Gives whether `text` is a token signed with the current or the previous key, and fills `t`. */
bool token_read(const struct token_keys *k, const char *text, size_t len, struct token *t);

#endif

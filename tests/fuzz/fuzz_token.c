/* Tokens: the one text that was signed is read, as what was signed, and nothing else is. */
#include <sodium.h>

#include "engine/token.h"
#include "tests/fuzz/fuzz.h"

static const unsigned char current[TOKEN_KEY_BYTES] = {1, 2, 3}, previous[TOKEN_KEY_BYTES] = {9, 8, 7};
static struct token_keys keys, older;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	must(sodium_init() >= 0);
	token_keys_init(&keys, current, previous);
	token_keys_init(&older, previous, NULL);
	return 0;
}

static bool writes(const struct token_keys *k, const struct token *t, const uint8_t *text, size_t len)
{
	char again[TOKEN_TEXT];

	return strlen(token_write(k, t, again)) == len && memcmp(again, text, len) == 0;
}

/* Whatever is accepted is the very text we would write. */
static void as_it_is(const uint8_t *text, size_t len)
{
	struct token t;

	if (!token_read(&keys, (const char *)text, len, &t))
		return;
	must(strlen(t.queue) >= 1 && strlen(t.queue) <= QUEUE_NAME_MAX);
	must(writes(&keys, &t, text, len) || writes(&older, &t, text, len));
}

static uint64_t number(const uint8_t *data)
{
	uint64_t n;

	memcpy(&n, data, sizeof(n));
	return n;
}

/* A token of the input's own making, and then with one character changed, left out or added. */
static void as_fields(const uint8_t *data, size_t size)
{
	struct token t = {"", number(data), number(data + 8), (int64_t)number(data + 16)}, back;
	size_t at = data[24], queue_len = data[25] % QUEUE_NAME_MAX + 1, len;
	char text[TOKEN_TEXT + 1], was;

	for (size_t i = 0; i < queue_len; i++)
		t.queue[i] = "abcdefghijklmnopqrstuvwxyz012345"[data[26 + i % (size - 26)] % 32];
	len = strlen(token_write(&keys, &t, text));
	must(token_read(&keys, text, len, &back));
	must(strcmp(back.queue, t.queue) == 0 && back.user == t.user && back.place == t.place);
	must(back.issued_at == t.issued_at && !token_read(&older, text, len, &back));
	at %= len;
	must(!token_read(&keys, text, at, &back));
	was = text[at];
	text[at] = (char)data[26];
	must(token_read(&keys, text, len, &back) == (text[at] == was));
	text[at] = was;
	text[len] = (char)data[26];
	must(!token_read(&keys, text, len + 1, &back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_it_is(data, size);
	if (size > 26)
		as_fields(data, size);
	return 0;
}

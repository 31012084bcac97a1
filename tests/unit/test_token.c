/* Tokens: what was written is read back, and nothing else is. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "engine/token.h"
#include "unit/unit.h"

#define LONGEST "abcdefghijklmnopqrstuvwxyz-01234"

static const unsigned char first_key[TOKEN_KEY_BYTES] = {1, 2, 3};
static const unsigned char second_key[TOKEN_KEY_BYTES] = {9, 8, 7};

static struct token_keys keys_of(const unsigned char *current, const unsigned char *previous)
{
	struct token_keys k;

	ck_assert_int_ge(sodium_init(), 0);
	token_keys_init(&k, current, previous);
	return k;
}

static const struct token plain = {"main", 7, 68719476737, 1798106400000};

static void round_trip(const struct token *t)
{
	struct token_keys k = keys_of(first_key, NULL);
	struct token back;
	char text[TOKEN_TEXT];

	memset(&back, 0xff, sizeof(back));
	ck_assert_ptr_eq(token_write(&k, t, text), text);
	ck_assert(token_read(&k, text, strlen(text), &back));
	ck_assert_str_eq(back.queue, t->queue);
	ck_assert_uint_eq(back.user, t->user);
	ck_assert_uint_eq(back.place, t->place);
	ck_assert_int_eq(back.issued_at, t->issued_at);
	ck_assert_uint_eq(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
			  strlen(text));
}

START_TEST(test_round_trip)
{
	const struct token shortest = {"a", 1, 1, 0};
	const struct token longest = {LONGEST, 9007199254740991, 9007199254740991, 253402300799999};
	const struct token odd = {"0-9", 256, 65535, 1};

	round_trip(&plain);
	round_trip(&shortest);
	round_trip(&longest);
	round_trip(&odd);
}
END_TEST

START_TEST(test_same_input_same_text)
{
	struct token_keys k = keys_of(first_key, NULL), with_previous = keys_of(first_key, second_key);
	struct token other = plain;
	char one[TOKEN_TEXT], two[TOKEN_TEXT];

	ck_assert_str_eq(token_write(&k, &plain, one), token_write(&with_previous, &plain, two));
	other.user++;
	ck_assert_str_ne(token_write(&k, &other, two), one);
	other = plain;
	other.place++;
	ck_assert_str_ne(token_write(&k, &other, two), one);
	other = plain;
	other.issued_at++;
	ck_assert_str_ne(token_write(&k, &other, two), one);
	other = plain;
	other.queue[0] = 'n';
	ck_assert_str_ne(token_write(&k, &other, two), one);
}
END_TEST

static void every_flip_is_refused(const struct token *t)
{
	struct token_keys k = keys_of(first_key, second_key);
	struct token back;
	char text[TOKEN_TEXT];
	size_t len = strlen(token_write(&k, t, text));

	for (size_t i = 0; i < len; i++) {
		char was = text[i];

		for (int byte = 0; byte < 256; byte++) {
			text[i] = (char)byte;
			ck_assert_msg(token_read(&k, text, len, &back) == (text[i] == was), "character %zu as %d", i,
				      byte);
		}
		text[i] = was;
	}
}

START_TEST(test_every_changed_byte_is_refused)
{
	const struct token longer = {"winter-live", 12345, 99, 1}, longest = {LONGEST, 1, 2, 3};

	/* Lengths of 0, 1 and 2 over a multiple of three, so that every kind of last character is met. */
	every_flip_is_refused(&plain);
	every_flip_is_refused(&longer);
	every_flip_is_refused(&longest);
}
END_TEST

START_TEST(test_every_changed_bit_is_refused)
{
	struct token_keys k = keys_of(first_key, NULL);
	unsigned char raw[TOKEN_TEXT];
	char text[TOKEN_TEXT];
	struct token back;
	size_t len;

	token_write(&k, &plain, text);
	ck_assert_int_eq(sodium_base642bin(raw, sizeof(raw), text, strlen(text), NULL, &len, NULL,
					   sodium_base64_VARIANT_URLSAFE_NO_PADDING),
			 0);
	for (size_t bit = 0; bit < len * 8; bit++) {
		raw[bit / 8] ^= (unsigned char)(1 << bit % 8);
		sodium_bin2base64(text, sizeof(text), raw, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		ck_assert_msg(!token_read(&k, text, strlen(text), &back), "bit %zu", bit);
		raw[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}
END_TEST

START_TEST(test_other_lengths_are_refused)
{
	struct token_keys k = keys_of(first_key, NULL);
	struct token back;
	char text[2 * TOKEN_TEXT];
	size_t len = strlen(token_write(&k, &plain, text));

	for (size_t n = 0; n < len; n++) {
		/* In memory of just that size, so that reading on is seen. */
		char *cut = malloc(n + 1);

		ck_assert_ptr_nonnull(cut);
		memcpy(cut, text, n);
		ck_assert_msg(!token_read(&k, cut, n, &back), "cut to %zu", n);
		free(cut);
	}
	for (size_t more = 1; more < TOKEN_TEXT; more++) {
		text[len + more - 1] = 'A';
		ck_assert_msg(!token_read(&k, text, len + more, &back), "%zu more", more);
	}
	text[len] = '=';
	ck_assert(!token_read(&k, text, len + 1, &back));
	ck_assert(token_read(&k, text, len, &back));
}
END_TEST

START_TEST(test_keys_rotate)
{
	struct token_keys old = keys_of(first_key, NULL), both = keys_of(second_key, first_key);
	struct token_keys later = keys_of(second_key, NULL);
	struct token back;
	char text[TOKEN_TEXT];

	token_write(&old, &plain, text);
	ck_assert(token_read(&both, text, strlen(text), &back));
	ck_assert_uint_eq(back.user, plain.user);
	ck_assert(!token_read(&later, text, strlen(text), &back));
	token_write(&both, &plain, text);
	ck_assert(token_read(&later, text, strlen(text), &back));
	ck_assert(!token_read(&old, text, strlen(text), &back));
}
END_TEST

START_TEST(test_every_bit_of_the_key_counts)
{
	struct token_keys k = keys_of(first_key, NULL);
	unsigned char other[TOKEN_KEY_BYTES];
	struct token back;
	char text[TOKEN_TEXT];

	token_write(&k, &plain, text);
	for (int bit = 0; bit < TOKEN_KEY_BYTES * 8; bit++) {
		memcpy(other, first_key, sizeof(other));
		other[bit / 8] ^= (unsigned char)(1 << bit % 8);
		k = keys_of(other, NULL);
		/* Nor does it help to know the key's id. */
		memcpy(k.current_id, keys_of(first_key, NULL).current_id, sizeof(k.current_id));
		ck_assert(!token_read(&k, text, strlen(text), &back));
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_round_trip,
				      test_same_input_same_text,
				      test_every_changed_byte_is_refused,
				      test_every_changed_bit_is_refused,
				      test_other_lengths_are_refused,
				      test_keys_rotate,
				      test_every_bit_of_the_key_counts,
				      NULL};

	return unit_main("token", tests);
}

/* Base64, held against libsodium's. */
#include <sodium.h>
#include <string.h>

#include "base/base64.h"
#include "unit/unit.h"

#define MOST 80
#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* Reads a text both ways: both refuse it, or both give the same. */
static void read_both(const char *text, size_t len)
{
	unsigned char ours[MOST], theirs[MOST];
	size_t our_len, their_len;
	bool good = base64_read(ours, sizeof(ours), text, len, &our_len);
	bool same = sodium_base642bin(theirs, sizeof(theirs), text, len, NULL, &their_len, NULL, VARIANT) == 0;

	ck_assert_msg(good == same, "'%.*s'", (int)len, text);
	if (good) {
		ck_assert_uint_eq(our_len, their_len);
		ck_assert_int_eq(memcmp(ours, theirs, our_len), 0);
	}
}

START_TEST(test_as_libsodium_writes_and_reads)
{
	unsigned char data[MOST];
	char ours[BASE64_TEXT(MOST)], theirs[BASE64_TEXT(MOST)];

	for (size_t len = 0; len <= MOST; len++) {
		for (int i = 0; i < 50; i++) {
			randombytes_buf(data, len);
			ck_assert_ptr_eq(base64_write(ours, data, len), ours);
			sodium_bin2base64(theirs, sizeof(theirs), data, len, VARIANT);
			ck_assert_str_eq(ours, theirs);
			ck_assert_uint_lt(strlen(ours), BASE64_TEXT(len));
			read_both(ours, strlen(ours));
		}
	}
}
END_TEST

/* Every character in every place, and every length of each. */
START_TEST(test_what_libsodium_refuses)
{
	char text[] = "AbCd-_09xyzA";

	for (size_t at = 0; at < strlen("AbCd-_09xyzA"); at++) {
		char kept = text[at];

		for (int c = 0; c < 128; c++) {
			text[at] = (char)c;
			for (size_t len = at + 1; len <= sizeof(text) - 1; len++)
				read_both(text, len);
		}
		text[at] = kept;
	}
}
END_TEST

START_TEST(test_other_bytes)
{
	unsigned char data[8];
	char text[] = "AAAA";
	size_t len;

	for (int c = 128; c < 256; c++) {
		text[2] = (char)c;
		ck_assert(!base64_read(data, sizeof(data), text, 4, &len));
	}
}
END_TEST

START_TEST(test_no_more_than_there_is_room_for)
{
	unsigned char data[4] = {0, 0, 0, 99};
	size_t len;

	ck_assert(!base64_read(data, 3, "AAAAAA", 6, &len));
	ck_assert_int_eq(data[3], 99);
	ck_assert(base64_read(data, 3, "_-_-", 4, &len));
	ck_assert_uint_eq(len, 3);
	ck_assert_int_eq(data[3], 99);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_as_libsodium_writes_and_reads, test_what_libsodium_refuses, test_other_bytes,
				      test_no_more_than_there_is_room_for, NULL};

	if (sodium_init() < 0)
		return 1;
	return unit_main("base64", tests);
}

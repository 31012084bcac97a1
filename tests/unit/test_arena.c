/* The arena: alignment, zeroes, order of the clean-ups, what a reset keeps. */
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "unit/unit.h"

START_TEST(test_memory_is_aligned_zeroed_and_apart)
{
	struct arena a = {0};
	unsigned char *last = NULL;
	size_t last_size = 0;

	for (size_t size = 0; size < 700; size++) {
		unsigned char *p = arena_alloc(&a, size);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			ck_assert_int_eq(p[i], 0);
		memset(p, 0xee, size);
		for (size_t i = 0; i < last_size; i++)
			ck_assert_int_eq(last[i], 0xee);
		last = p;
		last_size = size;
	}
	arena_free(&a);
	ck_assert_ptr_null(a.chunks);
}
END_TEST

START_TEST(test_large_pieces)
{
	struct arena a = {0};
	char *large = arena_alloc(&a, 1 << 20), *small = arena_alloc(&a, 1);

	ck_assert_ptr_nonnull(large);
	ck_assert_ptr_nonnull(small);
	memset(large, 1, 1 << 20);
	ck_assert_int_eq(*small, 0);
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX / 2 + 1));
	arena_free(&a);
}
END_TEST

START_TEST(test_memory_is_zeroed_after_a_reset_too)
{
	struct arena a = {0};

	memset(arena_alloc(&a, 4000), 0xee, 4000);
	arena_reset(&a);
	for (int i = 0; i < 40; i++) {
		const unsigned char *p = arena_alloc(&a, 100);

		for (int k = 0; k < 100; k++)
			ck_assert_int_eq(p[k], 0);
	}
	arena_free(&a);
}
END_TEST

START_TEST(test_reset_keeps_one_chunk)
{
	struct arena a = {0};
	const void *first = arena_alloc(&a, 10);

	for (int i = 0; i < 100; i++)
		ck_assert_ptr_nonnull(arena_alloc(&a, 1000));
	arena_reset(&a);
	ck_assert_ptr_nonnull(a.chunks);
	ck_assert_ptr_eq(arena_alloc(&a, 10), first);
	arena_free(&a);
	/* One oversized chunk is not kept for ever. */
	arena_alloc(&a, 100000);
	arena_reset(&a);
	ck_assert_ptr_null(a.chunks);
}
END_TEST

static char order[16];

static void note(void *what)
{
	strcat(order, what);
}

START_TEST(test_cleanups_run_last_added_first_and_once)
{
	struct arena a = {0};
	char one[] = "1", two[] = "2", three[] = "3";

	ck_assert_int_eq(arena_on_reset(&a, note, one), 0);
	ck_assert_ptr_nonnull(arena_alloc(&a, 5000));
	ck_assert_int_eq(arena_on_reset(&a, note, two), 0);
	ck_assert_int_eq(arena_on_reset(&a, note, three), 0);
	ck_assert_str_eq(order, "");
	arena_reset(&a);
	ck_assert_str_eq(order, "321");
	arena_reset(&a);
	ck_assert_str_eq(order, "321");
	arena_on_reset(&a, note, one);
	arena_free(&a);
	ck_assert_str_eq(order, "3211");
	arena_free(&a);
	ck_assert_str_eq(order, "3211");
}
END_TEST

START_TEST(test_copies_and_prints)
{
	struct arena a = {0};
	char long_text[6000];
	const char *p = arena_copy(&a, "ab\0cd", 5);

	ck_assert_mem_eq(p, "ab\0cd", 6);
	ck_assert_str_eq(arena_copy(&a, NULL, 0), "");
	ck_assert_str_eq(arena_printf(&a, "%s-%d", "x", 42), "x-42");
	ck_assert_str_eq(arena_printf(&a, "%s", ""), "");
	memset(long_text, 'y', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	ck_assert_str_eq(arena_printf(&a, "%s", long_text), long_text);
	arena_free(&a);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_memory_is_aligned_zeroed_and_apart,
				      test_large_pieces,
				      test_memory_is_zeroed_after_a_reset_too,
				      test_reset_keeps_one_chunk,
				      test_cleanups_run_last_added_first_and_once,
				      test_copies_and_prints,
				      NULL};

	return unit_main("arena", tests);
}

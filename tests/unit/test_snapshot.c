/* Where a place stands by what a worker remembers of the line, and when it must not say. */
#include <stdlib.h>

#include "base/clock.h"
#include "engine/queue.h"
#include "unit/unit.h"

#define EPOCH ((int64_t)1 << 36)
#define PEOPLE 200000

static struct queue queue;
static int64_t *places; /* by rank */

/* Every sample the function in Redis would give of `places`. */
static void samples_take(struct samples *l, int64_t admitted)
{
	int rank = 0;

	l->at = calloc(PEOPLE, sizeof(*l->at));
	l->true_at = clock_ms();
	while (rank < PEOPLE) {
		int step = rank / 128 > 32 ? rank / 128 : 32;

		l->at[l->count++] = (struct sample){places[rank], rank + admitted};
		if (rank == PEOPLE - 1)
			break;
		rank = rank + step < PEOPLE ? rank + step : PEOPLE - 1;
	}
}

/* A line whose places are `step(rank)` apart. */
static void line_make(int64_t (*step)(int rank))
{
	struct snapshot *s = &queue.snapshot;
	int64_t place = EPOCH;

	queue = (struct queue){.status = {.known = true, .now = 1, .waiting = PEOPLE}};
	queue.refreshed_at = clock_ms();
	places = malloc(PEOPLE * sizeof(*places));
	for (int rank = 0; rank < PEOPLE; rank++)
		places[rank] = place += step(rank);
	s->epoch = 1;
	s->admitted = 777;
	s->asked_at = clock_ms();
	samples_take(&s->samples, s->admitted);
	s->end = (struct sample){place, PEOPLE - 1 + s->admitted};
}

static void line_free(void)
{
	snapshot_free(&queue.snapshot);
	free(places);
}

static int64_t off_at(int rank)
{
	struct standing s;

	queue.snapshot.asked_at = queue.snapshot.samples.true_at = clock_ms();
	ck_assert_msg(snapshot_tells(&queue, (uint64_t)places[rank], &s), "rank %d", rank);
	ck_assert_int_eq(s.code, CODE_WAITING);
	ck_assert(s.estimated);
	return llabs(s.position - 1 - rank);
}

static int64_t one(int rank)
{
	(void)rank;
	return 1;
}

/* Every third has left, and in some stretches nearly all. */
static int64_t with_holes(int rank)
{
	if (rank % 5000 == 4999)
		return 100000;
	return rank % 3 ? 1 : 2;
}

/* The worst for whoever interpolates: all of a stretch at one end of it. */
static int64_t in_lumps(int rank)
{
	return rank % 300 == 0 ? 50000 : 1;
}

/* An even draw has steps of any size. */
static int64_t by_draw(int rank)
{
	uint64_t z = (uint64_t)rank * 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 29)) * 0xbf58476d1ce4e5b9u;
	return 1 + (int64_t)(z % 40000);
}

static void close_everywhere(int64_t (*step)(int rank), int64_t most)
{
	line_make(step);
	for (int rank = FAR_LEAST + 50; rank < PEOPLE; rank++) {
		int64_t allowed = rank / 100 > 50 ? rank / 100 : 50;

		ck_assert_int_le(off_at(rank), allowed < most ? allowed : most);
	}
	line_free();
}

START_TEST(test_a_line_nobody_left_is_exact)
{
	close_everywhere(one, 0);
}
END_TEST

START_TEST(test_estimates_are_close)
{
	close_everywhere(with_holes, PEOPLE);
	close_everywhere(in_lumps, PEOPLE);
	close_everywhere(by_draw, PEOPLE);
}
END_TEST

/* Those in front have been let in since the samples were taken: everybody moves up by as many. */
START_TEST(test_letting_in_moves_everybody)
{
	line_make(with_holes);
	queue.snapshot.admitted += 500;
	places += 500;
	for (int rank = FAR_LEAST + 50; rank < PEOPLE - 500; rank += 7)
		ck_assert_int_le(off_at(rank), rank / 100 > 50 ? rank / 100 : 50);
	places -= 500;
	line_free();
}
END_TEST

/* Those who came after the last sample stand behind it, one place each. */
START_TEST(test_newcomers)
{
	struct standing s;

	line_make(one);
	queue.snapshot.end.place += 3000;
	queue.snapshot.end.ordinal += 3000;
	for (int i = 1; i <= 3000; i++) {
		ck_assert(snapshot_tells(&queue, (uint64_t)(places[PEOPLE - 1] + i), &s));
		ck_assert_int_eq(s.position, PEOPLE + i);
	}
	/* Handed out since, or by a Redis that has lost it: that is not known here. */
	ck_assert(!snapshot_tells(&queue, (uint64_t)(places[PEOPLE - 1] + 3001), &s));
	line_free();
}
END_TEST

/* The first of those who came to a draw after the doors: 2^36 is far from 2^32, and still they are next. */
START_TEST(test_from_draws_to_places)
{
	struct snapshot *s = &queue.snapshot;
	struct standing out;

	line_make(one);
	for (size_t i = 0; i < s->samples.count; i++)
		s->samples.at[i].place -= EPOCH; /* 1 to PEOPLE */
	s->end = (struct sample){EPOCH + 50, PEOPLE - 1 + s->admitted + 50};
	ck_assert(snapshot_tells(&queue, EPOCH + 1, &out));
	ck_assert_int_eq(out.position, PEOPLE + 1);
	ck_assert(snapshot_tells(&queue, PEOPLE, &out));
	ck_assert_int_eq(out.position, PEOPLE);
	line_free();
}
END_TEST

static bool tells(int rank)
{
	struct standing s;

	return snapshot_tells(&queue, (uint64_t)places[rank], &s);
}

START_TEST(test_when_it_does_not_say)
{
	struct snapshot *s = &queue.snapshot;

	line_make(one);
	ck_assert(!tells(FAR_LEAST - 1));
	ck_assert(tells(FAR_LEAST));
	/* The front moves so fast that a second is more than a hundredth. */
	s->moving = 50;
	ck_assert(tells(FAR_LEAST));
	s->moving = 51;
	ck_assert(!tells(5099));
	ck_assert(tells(5100));
	s->moving = 0;
	/* Somebody of a place further back was let in: this one may have been as well. */
	s->reach = places[60000];
	ck_assert(!tells(60000));
	ck_assert(tells(60001));
	s->reach = 0;
	/* A place of an earlier epoch may not be in line at all. */
	s->epoch = 2;
	ck_assert(!tells(60000));
	s->epoch = 1;
	/* What is known is too old, or the samples are. */
	s->asked_at -= SNAPSHOT_MS + 1;
	ck_assert(!tells(60000));
	s->asked_at = clock_ms();
	s->samples.true_at -= SNAPSHOT_MS + 1;
	ck_assert(!tells(60000));
	s->samples.true_at = clock_ms();
	ck_assert(tells(60000));
	s->samples.count = 0;
	ck_assert(!tells(60000));
	line_free();
}
END_TEST

/* Before the doors nobody can be let in, and no position is told: only who has left must be asked about. */
START_TEST(test_before_the_doors)
{
	line_make(one);
	queue.status.settings.opens_at = 60000;
	queue.snapshot.samples.count = 0;
	ck_assert(tells(0));
	queue.status.settings.opens_at = 500;
	ck_assert(!tells(0));
	line_free();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_a_line_nobody_left_is_exact,
				      test_estimates_are_close,
				      test_letting_in_moves_everybody,
				      test_newcomers,
				      test_from_draws_to_places,
				      test_when_it_does_not_say,
				      test_before_the_doors,
				      NULL};

	return unit_main("snapshot", tests);
}

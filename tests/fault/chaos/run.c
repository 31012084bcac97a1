/* Dice, clock and findings. */
#include "run.h"

#include <pthread.h>
#include <stdarg.h>
#include <time.h>

struct run run;

#define FINDINGS_SHOWN 50

/* splitmix64: the seed's neighbours throw quite differently. */
static uint64_t dice_next(struct dice *d)
{
	uint64_t z = (d->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

struct dice dice_of(uint64_t n)
{
	struct dice d = {run.seed * 1000003u + n};

	dice_next(&d);
	return d;
}

uint32_t dice_throw(struct dice *d, uint32_t sides)
{
	return (uint32_t)(dice_next(d) % sides);
}

bool dice_percent(struct dice *d, uint32_t percent)
{
	return dice_throw(d, 100) < percent;
}

void rest(int ms)
{
	const struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&ts, NULL);
}

int64_t wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void finding(const char *fmt, ...)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	va_list ap;

	if (atomic_fetch_add(&run.wrong, 1) >= FINDINGS_SHOWN)
		return;
	pthread_mutex_lock(&lock);
	printf("WRONG at %lld: ", (long long)wall_ms());
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	pthread_mutex_unlock(&lock);
}

/* The event base of one thread, and letters from the others through an eventfd. */
#include "base/loop.h"

#include <event2/event.h>
#include <sodium.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct letter *letters_take(struct loop *l)
{
	struct letter *first;

	pthread_mutex_lock(&l->lock);
	first = l->first;
	l->first = l->last = NULL;
	pthread_mutex_unlock(&l->lock);
	return first;
}

static void letters_arrived(evutil_socket_t fd, short what, void *arg)
{
	struct letter *letter;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0)
		return; /* somebody else's wake-up was taken already */
	letter = letters_take(arg);
	while (letter) {
		struct letter *next = letter->next;

		letter->deliver(letter);
		letter = next;
	}
}

void loop_post(struct loop *l, struct letter *letter)
{
	const uint64_t one = 1;
	bool was_empty;

	letter->next = NULL;
	pthread_mutex_lock(&l->lock);
	was_empty = !l->first;
	if (was_empty)
		l->first = letter;
	else
		l->last->next = letter;
	l->last = letter;
	pthread_mutex_unlock(&l->lock);
	/* A full eventfd counter means a wake-up is pending anyway. */
	if (was_empty && write(l->arrival_fd, &one, sizeof(one)) < 0)
		return;
}

static const struct timeval *common_timeout(struct event_base *base, int ms)
{
	struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

	return event_base_init_common_timeout(base, &tv);
}

int loop_init(struct loop *l, void *owner)
{
	struct event_config *config = event_config_new();

	memset(l, 0, sizeof(*l));
	l->owner = owner;
	l->arrival_fd = -1;
	pthread_mutex_init(&l->lock, NULL);
	randombytes_buf(&l->random, sizeof(l->random));
	if (!config)
		return -1;
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	l->base = event_base_new_with_config(config);
	event_config_free(config);
	if (!l->base)
		return -1;
	l->redis_deadline = common_timeout(l->base, REDIS_DEADLINE_MS);
	l->mysql_deadline = common_timeout(l->base, MYSQL_DEADLINE_MS);
	l->arrival_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!l->redis_deadline || !l->mysql_deadline || l->arrival_fd < 0)
		return -1;
	l->arrival = event_new(l->base, l->arrival_fd, EV_READ | EV_PERSIST, letters_arrived, l);
	return l->arrival && event_add(l->arrival, NULL) == 0 ? 0 : -1;
}

/* What came when the loop had stopped. */
static void letters_drop(struct loop *l)
{
	struct letter *letter = letters_take(l);

	while (letter) {
		struct letter *next = letter->next;

		if (letter->drop)
			letter->drop(letter);
		letter = next;
	}
}

void loop_destroy(struct loop *l)
{
	letters_drop(l);
	if (l->arrival)
		event_free(l->arrival);
	if (l->arrival_fd >= 0)
		close(l->arrival_fd);
	if (l->base)
		event_base_free(l->base);
	pthread_mutex_destroy(&l->lock);
}

void loop_run(struct loop *l)
{
	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void loop_stop(struct loop *l)
{
	event_base_loopbreak(l->base);
}

uint32_t loop_random(struct loop *l, uint32_t below)
{
	uint64_t z = l->random += 0x9e3779b97f4a7c15u; /* splitmix64, Steele et al. 2014 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % below);
}

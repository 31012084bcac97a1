/*
 * One thread's event base and its letter box.
 * Everything a loop owns is touched by its own thread only; other threads post a letter.
 */
#ifndef USHER_BASE_LOOP_H
#define USHER_BASE_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct event;
struct event_base;
struct timeval;

/* A message to a loop; embed it in what is sent. */
struct letter {
	struct letter *next;
	void (*deliver)(struct letter *letter); /* runs on the loop's thread */
	void (*drop)(struct letter *letter);    /* instead, when the loop is destroyed first; NULL: nothing to do */
};

struct loop {
	struct event_base *base;
	const struct timeval *redis_deadline, *mysql_deadline; /* libevent common timeouts */
	struct event *arrival;
	int arrival_fd;
	pthread_mutex_t lock; /* guards first and last */
	struct letter *first, *last;
	uint64_t random;
	void *owner; /* the worker or keeper this loop belongs to */
};

#define REDIS_DEADLINE_MS 2000
#define MYSQL_DEADLINE_MS 5000

/* Makes the event base (edge changelist, no locks) and the letter box.
 * Gives 0, or -1 if memory or descriptors are out. */
int loop_init(struct loop *l, void *owner);
void loop_destroy(struct loop *l);

/* Runs until loop_stop() is called on the loop's own thread. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* Sends a letter from any thread; letters arrive in the order they were sent. */
void loop_post(struct loop *l, struct letter *letter);

/* A random number below `below` (> 0), good enough to spread timers and nothing else. */
uint32_t loop_random(struct loop *l, uint32_t below);

#endif

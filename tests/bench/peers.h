/*
 * What usherd is measured beside: webdis and nginx with its lua module, each doing a bare ZRANK on the private
 * Redis, and a bare evhttp that answers a constant. Each is one thread, and dies with the bench.
 */
#ifndef USHER_TESTS_BENCH_PEERS_H
#define USHER_TESTS_BENCH_PEERS_H

#include <sys/types.h>

#include "requests.h"
#include "support/http.h"

struct peer {
	pid_t pid;
	int port;
};

/* Started when they are first asked for. */
const struct peer *peer_webdis(void);
const struct peer *peer_nginx(void);

/* A bare evhttp that answers everything with the status, the headers and the body of `sample`. `name` is for
 * its files. peer_end() ends it. */
struct peer peer_evhttp(const char *name, const struct reply *sample);
void peer_end(struct peer *p);

/* The request that asks the peer for a user's rank in a queue. */
void peer_webdis_ask(struct requests *r, const char *queue, long user);
void peer_nginx_ask(struct requests *r, const char *queue, long user);

#endif

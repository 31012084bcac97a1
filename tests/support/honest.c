/* Honest clients: kept connections that ask for their position, and new ones in between. */
#include "support/honest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/kit.h"

#define CLIENTS 8
#define ROUNDS 4
#define ASKED 500                        /* requests a round */
#define SAMPLES ((size_t)ROUNDS * ASKED) /* with the attack, and as many without */
#define NEW_EVERY 20
#define SLACK_US 5000

struct crowd {
	char request[512];
	int fd[CLIENTS];
	int errors;
	int64_t us[2][SAMPLES]; /* without and with the attack */
	size_t n[2];
};

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Reads an answer in as few calls as a good client does: the time it takes is what is measured. */
static bool served(int fd, const char *request)
{
	char text[4096];
	size_t n = 0;

	if (http_send(fd, request, strlen(request)) != 0)
		return false;
	while (n < sizeof(text) - 1) {
		ssize_t got = recv(fd, text + n, sizeof(text) - 1 - n, 0);
		const char *body, *length;

		if (got <= 0)
			return false;
		n += (size_t)got;
		text[n] = '\0';
		body = strstr(text, "\r\n\r\n");
		length = strstr(text, "Content-Length: ");
		if (body && length && n - (size_t)(body + 4 - text) == strtoul(length + 16, NULL, 10))
			return strncmp(text, "HTTP/1.1 200 ", 13) == 0 && strstr(body, "\"status\":\"ACTIVE\"");
	}
	return false;
}

static void ask_once(struct crowd *c, int hostile, int i)
{
	int fd = i % NEW_EVERY ? c->fd[i % CLIENTS] : http_connect(P);
	int64_t began = now_us();

	c->errors += !served(fd, c->request);
	c->us[hostile][c->n[hostile]++] = now_us() - began;
	if (fd != c->fd[i % CLIENTS])
		close(fd);
}

static atomic_bool acting;

static void *act(void *arg)
{
	const struct attack *attack = arg;

	while (acting) {
		attack->act();
		pause_briefly();
	}
	return NULL;
}

static void round_ask(struct crowd *c, const struct attack *attack, int hostile)
{
	pthread_t thread;
	bool threaded = hostile && attack->act;

	if (hostile && attack->begin)
		attack->begin();
	acting = threaded;
	if (threaded && pthread_create(&thread, NULL, act, (void *)(uintptr_t)attack) != 0)
		abort();
	for (int i = 0; i < ASKED; i++)
		ask_once(c, hostile, i);
	acting = false;
	if (threaded)
		pthread_join(thread, NULL);
	if (hostile && attack->end)
		attack->end();
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void compare(struct crowd *c, const char *name, const char *what, double share)
{
	long long calm = c->us[0][(size_t)(share * SAMPLES)], hostile = c->us[1][(size_t)(share * SAMPLES)];

	printf("%s: %s %lld us, %lld us during the attack: %.2f\n", name, what, calm, hostile,
	       (double)hostile / (double)calm);
	ck_assert_msg(hostile <= 2 * calm || hostile - calm < SLACK_US, "%s: %s %lld us instead of %lld us", name, what,
		      hostile, calm);
}

/* The machine is shared, with the attackers as well, who run on the daemon's cores. So the two are
 * compared in turns of the same minute, by what half and nine in ten of the requests took, and a
 * difference that a busy scheduler makes by itself is not held against the daemon. */
void honest_beside(const struct attack *attack)
{
	struct crowd *c = calloc(1, sizeof(*c));
	char header[HEADER_TEXT], *token = inside(90);

	snprintf(c->request, sizeof(c->request), "GET /v1/queue/position HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
		 bearer(header, token));
	free(token);
	for (int i = 0; i < CLIENTS; i++)
		c->fd[i] = http_connect(P);
	for (int round = 0; round < ROUNDS; round++) {
		round_ask(c, attack, 0);
		round_ask(c, attack, 1);
	}
	for (int i = 0; i < CLIENTS; i++)
		close(c->fd[i]);
	ck_assert_msg(c->errors == 0, "%s: %d honest requests failed", attack->name, c->errors);
	for (int i = 0; i < 2; i++)
		qsort(c->us[i], SAMPLES, sizeof(c->us[i][0]), by_size);
	compare(c, attack->name, "median", 0.5);
	compare(c, attack->name, "nine in ten", 0.9);
	free(c);
}

long long figure(int port, const char *name)
{
	struct reply r = ask_port(port, "GET", "/metrics", NULL, NULL);
	const char *at = r.body ? strstr(r.body, say("\n%s ", name)) : NULL;
	long long n = at ? atoll(at + strlen(name) + 2) : -1;

	reply_free(&r);
	return n;
}

long long memory_of(int i)
{
#ifdef __SANITIZE_ADDRESS__
	(void)i;
	return 0; /* what was freed is kept aside there, so the figure would say nothing */
#else
	FILE *f = fopen(say("/proc/%d/statm", (int)stack.usherd[i]), "r");
	long long all, resident = 0;

	if (!f || fscanf(f, "%lld %lld", &all, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
#endif
}

int say_raw(int port, const char *text)
{
	int fd = http_connect(port);

	http_send(fd, text, strlen(text));
	return fd;
}

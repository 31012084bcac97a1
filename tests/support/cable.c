/* One thread that listens, one more for each connection. */
#include "support/cable.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BYTES 65536

static struct {
	pthread_mutex_t lock; /* guards mark, word, when, cuts */
	char mark[32], word[32];
	enum cable_cut when;
	int cuts;
	int listening;
	struct sockaddr_un to;
} cable = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return a;
}

/* Whether this is where to break, and how. `marked`: whether the mark has been on this connection. */
static bool cut_here(const char *data, size_t len, bool *marked, enum cable_cut *when)
{
	bool yes;

	pthread_mutex_lock(&cable.lock);
	*marked = *cable.mark && (*marked || memmem(data, len, cable.mark, strlen(cable.mark)));
	yes = *marked && memmem(data, len, cable.word, strlen(cable.word));
	*when = cable.when;
	if (yes) {
		cable.mark[0] = '\0';
		cable.cuts++;
	}
	pthread_mutex_unlock(&cable.lock);
	return yes;
}

/* Carries what there is from one end to the other. `marked`: NULL on the way back. false: the end of it. */
static bool carry(int from, int to, bool *marked)
{
	char data[BYTES];
	enum cable_cut when = CABLE_BEFORE;
	ssize_t n = recv(from, data, sizeof(data), 0);
	bool cut = n > 0 && marked && cut_here(data, (size_t)n, marked, &when);

	if (n <= 0 || (cut && when == CABLE_BEFORE) || send(to, data, (size_t)n, MSG_NOSIGNAL) != n)
		return false;
	if (cut && recv(to, data, sizeof(data), 0) < 0)
		perror("cable");
	return !cut;
}

static void *connection(void *arg)
{
	struct pollfd ends[2] = {{.fd = (int)(intptr_t)arg, .events = POLLIN}, {.events = POLLIN}};
	bool whole = true, marked = false;

	ends[1].fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(ends[1].fd, (const struct sockaddr *)&cable.to, sizeof(cable.to)) != 0)
		whole = false;
	while (whole && poll(ends, 2, -1) > 0) {
		if (ends[0].revents)
			whole = carry(ends[0].fd, ends[1].fd, &marked);
		else if (ends[1].revents)
			whole = carry(ends[1].fd, ends[0].fd, NULL);
	}
	close(ends[0].fd);
	close(ends[1].fd);
	return NULL;
}

static void *listen_on(void *arg)
{
	pthread_t thread;
	int fd;

	while ((fd = accept(cable.listening, NULL, NULL)) >= 0)
		if (pthread_create(&thread, NULL, connection, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	return arg;
}

void cable_lay(const char *path, const char *to)
{
	struct sockaddr_un here = address(path);
	pthread_t thread;

	cable.to = address(to);
	cable.listening = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(cable.listening, (struct sockaddr *)&here, sizeof(here)) != 0 || listen(cable.listening, 100) != 0 ||
	    pthread_create(&thread, NULL, listen_on, NULL) != 0) {
		perror("cable");
		exit(1);
	}
	pthread_detach(thread);
}

void cable_cut_at(const char *mark, const char *word, enum cable_cut when)
{
	pthread_mutex_lock(&cable.lock);
	snprintf(cable.mark, sizeof(cable.mark), "%s", mark);
	snprintf(cable.word, sizeof(cable.word), "%s", word);
	cable.when = when;
	pthread_mutex_unlock(&cable.lock);
}

int cable_cuts(void)
{
	int n;

	pthread_mutex_lock(&cable.lock);
	n = cable.cuts;
	pthread_mutex_unlock(&cable.lock);
	return n;
}

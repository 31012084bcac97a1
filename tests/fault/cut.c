/* A relay between two unix sockets, with a thread for each connection. */
#include "fault/cut.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/stack.h"

static char path[96];
static atomic_int next;

static struct sockaddr_un address(const char *at)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", at);
	return a;
}

/* Moves what the server has sent. False when either side has ended. */
static bool from_server(int server, int client)
{
	char data[65536];
	ssize_t n = read(server, data, sizeof(data));

	return n > 0 && write(client, data, (size_t)n) == n;
}

/* A packet is three bytes of length, one of number, then the command: 3 is a query as text. */
static bool is_commit(const char *data, ssize_t n)
{
	return n >= 11 && memcmp(data + 4, "\3COMMIT", 7) == 0;
}

/* Moves one packet of the client. False when the connection is to end. */
static bool from_client(int client, int server)
{
	char data[65536];
	ssize_t n = read(client, data, sizeof(data));
	int cut;

	if (n <= 0)
		return false;
	cut = is_commit(data, n) ? atomic_exchange(&next, CUT_NOTHING) : CUT_NOTHING;
	if (cut == CUT_BEFORE_COMMIT || write(server, data, (size_t)n) != n)
		return false;
	/* The answer says that it is done; it goes no further. */
	return cut == CUT_NOTHING || read(server, data, sizeof(data)) < 0;
}

static void *relay(void *arg)
{
	int client = (int)(intptr_t)arg, server = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un to = address(stack.mysql_socket);
	bool on = connect(server, (struct sockaddr *)&to, sizeof(to)) == 0;

	while (on) {
		struct pollfd p[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};

		poll(p, 2, -1);
		if (p[1].revents)
			on = from_server(server, client);
		if (on && p[0].revents)
			on = from_client(client, server);
	}
	close(client);
	close(server);
	return NULL;
}

static void *accept_all(void *arg)
{
	for (;;) {
		int fd = accept((int)(intptr_t)arg, NULL, NULL);
		pthread_t thread;

		if (fd >= 0 && pthread_create(&thread, NULL, relay, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	}
	return NULL;
}

const char *cut_begin(void)
{
	static char flag[192];
	struct sockaddr_un at;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pthread_t thread;

	snprintf(path, sizeof(path), "%s/cut.sock", stack.dir);
	at = address(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 64) != 0 ||
	    pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)fd) != 0) {
		perror(path);
		exit(1);
	}
	pthread_detach(thread);
	snprintf(flag, sizeof(flag), "--mysql=mysql://root@localhost/usher?socket=%s", path);
	return flag;
}

void cut_next(enum cut cut)
{
	atomic_store(&next, cut);
}

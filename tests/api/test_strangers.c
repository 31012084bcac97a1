/* Fifty thousand strangers at the door: MySQL is asked about many of them at a time. */
#include <poll.h>
#include <unistd.h>

#include "support/kit.h"

#define STRANGERS 50000
#define CLIENTS 500
#define FIRST 1000000 /* nobody has this id or a higher one */
#define BATCH 1000    /* ids a query, at most */

/* What the design allows a second, and what the daemon asks besides. */
#define QUERIES_A_SECOND 220
#define QUERIES_BESIDES 80

static int64_t selects(void)
{
	return sql_int("SELECT variable_value FROM information_schema.global_status"
		       " WHERE variable_name = 'com_select'");
}

static bool stranger_sends(int fd, int user)
{
	const char *json = say("{\"userId\":%d,\"queue\":\"main\"}", user);
	const char *text = say("POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
			       "Content-Length: %zu\r\n\r\n%s",
			       strlen(json), json);

	return http_send(fd, text, strlen(text)) == 0;
}

static bool turned_away(int fd)
{
	struct reply r = http_read(fd, 0);
	bool yes = r.status == 404 && strcmp(reply_string(&r, "code"), "USER_NOT_FOUND") == 0;

	reply_free(&r);
	return yes;
}

/* Every connection has one request under way until all have been answered. Gives how many were turned away. */
static int all_strangers(struct pollfd *fds)
{
	int sent = 0, answered_in_all = 0, away = 0;

	for (; sent < CLIENTS; sent++)
		ck_assert(stranger_sends(fds[sent].fd, FIRST + sent));
	while (answered_in_all < STRANGERS) {
		ck_assert_int_gt(poll(fds, CLIENTS, 10000), 0);
		for (int i = 0; i < CLIENTS; i++) {
			if (!fds[i].revents)
				continue;
			answered_in_all++;
			away += turned_away(fds[i].fd);
			if (sent < STRANGERS)
				ck_assert(stranger_sends(fds[i].fd, FIRST + sent++));
		}
	}
	return away;
}

START_TEST(test_fifty_thousand_strangers)
{
	struct pollfd fds[CLIENTS];
	int64_t asked, took;

	for (int i = 0; i < CLIENTS; i++)
		fds[i] = (struct pollfd){.fd = http_connect(P), .events = POLLIN};
	asked = selects();
	took = now_ms();
	ck_assert_int_eq(all_strangers(fds), STRANGERS);
	took = now_ms() - took;
	asked = selects() - asked;
	printf("%d strangers, %ld queries in %.1f s\n", STRANGERS, (long)asked, (double)took / 1000);
	ck_assert_int_ge(asked, STRANGERS / BATCH);
	ck_assert_int_le(asked, took * QUERIES_A_SECOND / 1000 + QUERIES_BESIDES);
	for (int i = 0; i < CLIENTS; i++)
		close(fds[i].fd);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_fifty_thousand_strangers, NULL};

	return api_main("strangers", tests);
}

/* What a client does with its life. */
#include "crowd.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/token.h"
#include "support/stack.h"

#define SEAT_TRIES 6
#define HOT_SEATS 40 /* everybody wants one of the first */
#define POLLS_MOST 400

static struct client clients[CLIENTS];
static pthread_t threads[CLIENTS];

/* What an answer means for the walk: go on, begin again with a new token, or give this one up. */
enum turn { ON, AGAIN, ENOUGH };

/* Answers that end a walk honestly on any route behind the filter. */
static enum turn turned_away(struct client *c, const char *what, const struct reply *r)
{
	const char *code = reply_string(r, "code");

	if (r->status == 302 || (r->status == 403 && strcmp(code, "TOKEN_NOT_ACTIVE") == 0))
		return AGAIN;
	if (r->status != 0)
		finding("client %d, user %d: %s: %d %.200s", c->number, c->user, what, r->status,
			r->body ? r->body : "");
	return ENOUGH;
}

static uint64_t place_of(const char *text)
{
	static const unsigned char secret[TOKEN_KEY_BYTES] = {
		0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
		0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	struct token_keys keys;
	struct token t;

	token_keys_init(&keys, secret, NULL);
	return token_read(&keys, text, strlen(text), &t) ? t.place : 0;
}

static enum turn enter(struct client *c)
{
	struct entry e = {.act = ACT_ENTER, .user = c->user};
	char body[64];
	struct reply r;

	snprintf(body, sizeof(body), "{\"userId\":%d,\"queue\":\"main\"}", c->user);
	free(c->token);
	c->token = NULL;
	r = client_ask(c, "POST", "/v1/tokens", NULL, body);
	if (r.status == 200 || r.status == 201) {
		c->token = strdup(reply_string(&r, "token"));
		e.place = c->place = place_of(c->token);
		e.at = wall_ms();
		if (!c->place)
			finding("client %d: not a token: %.200s", c->number, r.body);
		journal_add(&c->journal, &e);
	} else if (r.status) {
		finding("client %d, user %d: entering: %d %.200s", c->number, c->user, r.status, r.body);
	}
	reply_free(&r);
	return c->token ? ON : ENOUGH;
}

static enum turn wait_in_line(struct client *c)
{
	for (int i = 0; i < POLLS_MOST; i++) {
		struct reply r = client_ask(c, "GET", "/v1/queue/position", NULL, NULL);
		bool inside = strcmp(reply_string(&r, "status"), "ACTIVE") == 0;
		enum turn turn = r.status == 200 ? ON : turned_away(c, "position", &r);

		reply_free(&r);
		if (turn != ON || inside)
			return turn;
		if (atomic_load(&run.over) && i > 20)
			return ENOUGH;
		rest(100 + (int)dice_throw(&c->dice, 300));
	}
	return AGAIN;
}

/* A date with free seats; 0 if there is none, or the walk has ended. */
static enum turn choose_date(struct client *c, int *schedule)
{
	char path[64];
	struct reply r;
	enum turn turn;
	const cJSON *dates;
	int n;

	snprintf(path, sizeof(path), "/v1/concerts/%d/dates", 1 + (int)dice_throw(&c->dice, 2));
	r = client_ask(c, "GET", path, NULL, NULL);
	dates = cJSON_GetObjectItem(r.json, "dates");
	n = cJSON_GetArraySize(dates);
	turn = r.status == 200 ? ON : turned_away(c, "dates", &r);
	*schedule = 0;
	if (turn == ON && n > 0)
		*schedule = cJSON_GetObjectItem(cJSON_GetArrayItem(dates, (int)dice_throw(&c->dice, (uint32_t)n)),
						"scheduleId")
				    ->valueint;
	reply_free(&r);
	return turn == ON && !*schedule ? ENOUGH : turn;
}

/* One to three of the first free seats, no two the same. */
static void seats_pick(struct client *c, const cJSON *free_seats, struct entry *e)
{
	int n = cJSON_GetArraySize(free_seats), want = 1 + (int)dice_throw(&c->dice, SEATS_AT_ONCE), first;

	if (n > HOT_SEATS)
		n = HOT_SEATS;
	e->seat_count = 0;
	if (n == 0)
		return;
	first = (int)dice_throw(&c->dice, (uint32_t)n);
	for (int i = 0; i < want && i < n; i++)
		e->seats[e->seat_count++] =
			cJSON_GetObjectItem(cJSON_GetArrayItem(free_seats, (first + i) % n), "seatId")->valueint;
}

static enum turn choose_seats(struct client *c, struct entry *e)
{
	char path[64];
	struct reply r;
	enum turn turn;

	snprintf(path, sizeof(path), "/v1/schedules/%d/seats", e->schedule);
	r = client_ask(c, "GET", path, NULL, NULL);
	turn = r.status == 200 ? ON : turned_away(c, "seats", &r);
	if (turn == ON)
		seats_pick(c, cJSON_GetObjectItem(r.json, "seats"), e);
	reply_free(&r);
	return turn == ON && e->seat_count == 0 ? ENOUGH : turn;
}

static void hold_body(const struct entry *e, char body[160])
{
	int n = snprintf(body, 160, "{\"scheduleId\":%d,\"seatIds\":[", e->schedule);

	for (int i = 0; i < e->seat_count; i++)
		n += snprintf(body + n, 160 - (size_t)n, "%s%d", i ? "," : "", e->seats[i]);
	snprintf(body + n, 160 - (size_t)n, "]}");
}

/* One try to hold seats: `e` has a reservation after it, or the seats were another's. */
static enum turn hold_once(struct client *c, struct entry *e)
{
	char body[160];
	enum turn turn = choose_seats(c, e);
	struct reply r;

	if (turn != ON)
		return turn;
	hold_body(e, body);
	r = client_ask(c, "POST", "/v1/reservations", client_key(c), body);
	if (r.status == 200 || r.status == 201) {
		e->reservation = (int64_t)reply_number(&r, "reservationId");
		e->amount = (int64_t)reply_number(&r, "amount");
		e->at = wall_ms();
		if (strcmp(reply_string(&r, "status"), "HELD") != 0 || e->amount != PRICE * e->seat_count)
			finding("client %d: an odd reservation: %.300s", c->number, r.body);
		journal_add(&c->journal, e);
	} else if (strcmp(reply_string(&r, "code"), "SEAT_LIMIT") == 0) {
		turn = ENOUGH;
	} else if (strcmp(reply_string(&r, "code"), "SEAT_TAKEN") != 0) {
		turn = turned_away(c, "reserving", &r);
	}
	reply_free(&r);
	return turn;
}

static enum turn hold_seats(struct client *c, struct entry *e)
{
	enum turn turn = choose_date(c, &e->schedule);

	for (int i = 0; turn == ON && !e->reservation && i < SEAT_TRIES; i++)
		turn = hold_once(c, e);
	return turn == ON && !e->reservation ? ENOUGH : turn;
}

static void charge(struct client *c, int64_t amount)
{
	struct entry e = {.act = ACT_CHARGE, .user = c->user, .amount = amount};
	char path[64], body[64];
	struct reply r;

	snprintf(path, sizeof(path), "/v1/users/%d/balance/charges", c->user);
	snprintf(body, sizeof(body), "{\"amount\":%lld}", (long long)amount);
	r = client_ask(c, "POST", path, client_key(c), body);
	if (r.status == 200) {
		e.balance = (int64_t)reply_number(&r, "balance");
		e.at = wall_ms();
		journal_add(&c->journal, &e);
	} else if (r.status) {
		finding("client %d, user %d: charging: %d %.200s", c->number, c->user, r.status, r.body);
	}
	reply_free(&r);
}

/* One key for the payment, whatever happens: 402, a charge, and the same payment again. */
static void buy(struct client *c, const struct entry *held)
{
	struct entry e = *held;
	char body[64], key[64];
	struct reply r;

	snprintf(key, sizeof(key), "%s", client_key(c));
	snprintf(body, sizeof(body), "{\"reservationId\":%lld}", (long long)held->reservation);
	r = client_ask(c, "POST", "/v1/payments", key, body);
	while (r.status == 402) {
		reply_free(&r);
		charge(c, 1 + dice_throw(&c->dice, 20000));
		r = client_ask(c, "POST", "/v1/payments", key, body);
	}
	if (r.status == 201) {
		e.act = ACT_PAY;
		e.id = (int64_t)reply_number(&r, "paymentId");
		e.amount = (int64_t)reply_number(&r, "amount");
		e.balance = (int64_t)reply_number(&r, "balance");
		e.at = wall_ms();
		journal_add(&c->journal, &e);
	} else if (strcmp(reply_string(&r, "code"), "RESERVATION_EXPIRED") != 0) {
		turned_away(c, "paying", &r);
	}
	reply_free(&r);
}

/* Gives the seats back, or the whole session. */
static void give_up(struct client *c, const struct entry *held, enum act act)
{
	struct entry e = *held;
	char path[64] = "/v1/tokens";
	struct reply r;

	if (act == ACT_CANCEL)
		snprintf(path, sizeof(path), "/v1/reservations/%lld", (long long)held->reservation);
	r = client_ask(c, "DELETE", path, NULL, NULL);
	e.act = act;
	e.at = wall_ms();
	if (r.status == 204)
		journal_add(&c->journal, &e);
	else
		turned_away(c, act == ACT_CANCEL ? "cancelling" : "leaving", &r);
	reply_free(&r);
}

static enum turn shop(struct client *c)
{
	struct entry e = {.act = ACT_HOLD, .user = c->user};
	enum turn turn = hold_seats(c, &e);
	uint32_t throw = dice_throw(&c->dice, 100);

	if (turn != ON)
		return turn;
	/* Some dawdle until the hold is about to end. */
	rest((int)dice_throw(&c->dice, dice_percent(&c->dice, 15) ? HOLD_SECONDS * 1000 + 500 : 300));
	if (throw < 75)
		buy(c, &e);
	else if (throw < 85)
		give_up(c, &e, ACT_CANCEL);
	else if (throw < 90)
		give_up(c, &e, ACT_LEAVE);
	return ENOUGH;
}

/* From the door to the seat, once. */
static void walk(struct client *c)
{
	enum turn turn = AGAIN;

	while (turn == AGAIN && !atomic_load(&run.over)) {
		turn = enter(c);
		if (turn == ON)
			turn = wait_in_line(c);
		if (turn == ON)
			turn = shop(c);
	}
}

static void *client_main(void *arg)
{
	struct client *c = arg;

	while (!atomic_load(&run.over)) {
		c->user = 1 + c->number * USERS_EACH + (int)dice_throw(&c->dice, USERS_EACH);
		walk(c);
		rest((int)dice_throw(&c->dice, 100));
	}
	return NULL;
}

void crowd_start(void)
{
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){.number = i, .daemon = i % DAEMONS, .dice = dice_of(1000 + (uint64_t)i)};
		journal_open(&clients[i].journal, i);
		if (pthread_create(&threads[i], NULL, client_main, &clients[i]) != 0)
			abort();
	}
}

void crowd_end(void)
{
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
}

const struct client *crowd_client(int i)
{
	return &clients[i];
}

void crowd_free(void)
{
	for (int i = 0; i < CLIENTS; i++) {
		journal_close(&clients[i].journal);
		free(clients[i].token);
	}
}

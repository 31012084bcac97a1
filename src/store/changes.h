/*
 * What an import changes, told so that a person can judge it: how many of each kind, and the first
 * of them by name with what becomes of their fields.
 */
#ifndef USHER_STORE_CHANGES_H
#define USHER_STORE_CHANGES_H

#include <stddef.h>
#include <stdint.h>

struct arena;

enum change_kind { CHANGED_QUEUES, CHANGED_USERS, CHANGED_CONCERTS, CHANGED_SCHEDULES, CHANGED_SEATS, CHANGED_KINDS };

enum change_how { CHANGE_ADDED, CHANGE_CHANGED, CHANGE_REMOVED, CHANGE_WAYS };

#define CHANGE_FIELDS 6
#define CHANGES_LISTED 100 /* of each kind */

/* One field; of something added it is what it begins with, and `from` means nothing. */
struct change_field {
	const char *name; /* as the catalogue file calls it */
	enum change_field_kind { FIELD_NUMBER, FIELD_TRUTH, FIELD_TIME, FIELD_TEXT } kind;
	int64_t from, to; /* FIELD_TIME: Unix ms */
	const char *from_text, *to_text;
};

struct change {
	enum change_how how;
	int64_t id, last_id; /* of seats their schedule's; 0: it has none. last_id: the end of a range, or 0 */
	const char *name;    /* of seats their section; NULL: it has none */
	int64_t count;       /* how many this entry stands for */
	struct change_field fields[CHANGE_FIELDS];
	size_t field_count;
};

struct change_list {
	int64_t total[CHANGE_WAYS]; /* what is not listed included */
	struct change *at;
	size_t count;
};

struct changes {
	struct arena *arena;
	struct change_list lists[CHANGED_KINDS];
};

/* Begins with nothing changed. Lists are kept in memory of `a`. */
void changes_begin(struct changes *c, struct arena *a);

/* How many of a kind are new or different. */
int64_t changes_of(const struct changes *c, enum change_kind kind);

/* Counts one thing more and lists it. `name` has to stay. Gives the entry, for its fields, or NULL once the
 * list is full. */
struct change *changes_add(struct changes *c, enum change_kind kind, enum change_how how, int64_t id, const char *name);

/* `count` users from `id` to `last` that are new. */
struct change *changes_add_users(struct changes *c, int64_t id, int64_t last, int64_t count);

/* Seats of one schedule and section whose price goes the same way share an entry. `section` has to stay; NULL:
 * all of them. */
void changes_add_seats(struct changes *c, enum change_how how, int64_t schedule, const char *section, int64_t count,
		       int64_t price_from, int64_t price_to);

/* Adds a field to an entry (NULL: to none), unless it stays as it was. Texts are copied. */
void change_number(struct change *x, const char *name, int64_t from, int64_t to);
void change_truth(struct change *x, const char *name, int64_t from, int64_t to);
void change_time(struct change *x, const char *name, int64_t from, int64_t to);
void change_text(struct changes *c, struct change *x, const char *name, const char *from, const char *to);

#endif

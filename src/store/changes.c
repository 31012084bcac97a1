/* Lists of what an import changes, none of them longer than a person reads. */
#include "store/changes.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"

void changes_begin(struct changes *c, struct arena *a)
{
	*c = (struct changes){.arena = a};
}

int64_t changes_of(const struct changes *c, enum change_kind kind)
{
	const int64_t *total = c->lists[kind].total;

	return total[CHANGE_ADDED] + total[CHANGE_CHANGED] + total[CHANGE_REMOVED];
}

/* Memory that is out makes the list shorter, never the totals. */
static struct change *list_add(struct changes *c, enum change_kind kind, const struct change *x)
{
	struct change_list *l = &c->lists[kind];

	l->total[x->how] += x->count;
	if (!l->at)
		l->at = arena_alloc(c->arena, CHANGES_LISTED * sizeof(*l->at));
	if (!l->at || l->count == CHANGES_LISTED)
		return NULL;
	l->at[l->count] = *x;
	return &l->at[l->count++];
}

struct change *changes_add(struct changes *c, enum change_kind kind, enum change_how how, int64_t id, const char *name)
{
	return list_add(c, kind, &(struct change){.how = how, .id = id, .name = name, .count = 1});
}

struct change *changes_add_users(struct changes *c, int64_t id, int64_t last, int64_t count)
{
	return list_add(c, CHANGED_USERS,
			&(struct change){.how = CHANGE_ADDED, .id = id, .last_id = last, .count = count});
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Seats removed have no price any more. */
static bool seats_alike(const struct change *x, const struct change *y)
{
	return x->how == y->how && x->id == y->id && same_text(x->name, y->name) && x->field_count == y->field_count &&
	       x->fields[0].from == y->fields[0].from && x->fields[0].to == y->fields[0].to;
}

void changes_add_seats(struct changes *c, enum change_how how, int64_t schedule, const char *section, int64_t count,
		       int64_t price_from, int64_t price_to)
{
	struct change_list *l = &c->lists[CHANGED_SEATS];
	struct change x = {.how = how, .id = schedule, .name = section, .count = count};

	if (how != CHANGE_REMOVED)
		change_number(&x, "price", price_from, price_to);
	for (size_t i = l->count; i > 0 && l->at[i - 1].id == schedule; i--) {
		if (!seats_alike(&l->at[i - 1], &x))
			continue;
		l->at[i - 1].count += count;
		l->total[how] += count;
		return;
	}
	list_add(c, CHANGED_SEATS, &x);
}

static void field_add(struct change *x, const char *name, enum change_field_kind kind, int64_t from, int64_t to)
{
	if (x && (x->how == CHANGE_ADDED || from != to) && x->field_count < CHANGE_FIELDS)
		x->fields[x->field_count++] = (struct change_field){name, kind, from, to, NULL, NULL};
}

void change_number(struct change *x, const char *name, int64_t from, int64_t to)
{
	field_add(x, name, FIELD_NUMBER, from, to);
}

void change_truth(struct change *x, const char *name, int64_t from, int64_t to)
{
	field_add(x, name, FIELD_TRUTH, from, to);
}

void change_time(struct change *x, const char *name, int64_t from, int64_t to)
{
	field_add(x, name, FIELD_TIME, from, to);
}

void change_text(struct changes *c, struct change *x, const char *name, const char *from, const char *to)
{
	const char *old, *new;

	if (!x || (x->how != CHANGE_ADDED && strcmp(from, to) == 0) || x->field_count == CHANGE_FIELDS)
		return;
	old = arena_copy(c->arena, from, strlen(from));
	new = arena_copy(c->arena, to, strlen(to));
	if (old && new)
		x->fields[x->field_count++] = (struct change_field){name, FIELD_TEXT, 0, 0, old, new};
}

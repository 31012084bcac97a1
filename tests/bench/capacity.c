/* The arithmetic from a run's figures to the machines that a sale needs, as a page with every step shown. */
#include <math.h>
#include <stdio.h>

#include "report.h"

#define PEOPLE 10e6
#define BUSY 0.5           /* a core is planned for half of what it can do */
#define ENTRY_SECONDS 600  /* the crowd arrives within these */
#define POLL_LEAST 1.0     /* seconds between polls at the front, */
#define POLL_A_PLACE 0.004 /* more for each place, */
#define POLL_MOST 30.0     /* and at most */
#define ADMITTED 1000.0    /* let in a second, in the busy example */
#define NEAR_SECONDS 100   /* worth of admissions are near the front */
#define SEATS 50000

struct figures {
	double far, near, near_redis, entry, entry_redis, bytes, payment, payment_mysql, payments, connection;
};

static bool figures_read(struct figures *f)
{
	*f = (struct figures){
		.far = measured("poll", "far", "cpu"),
		.near = measured("poll", "near", "cpu"),
		.near_redis = measured("poll", "near", "redis"),
		.entry = measured("entry", "usherd", "cpu"),
		.entry_redis = measured("entry", "usherd", "redis"),
		.bytes = measured("memory", "usherd", "bytes"),
		.payment = measured("payments", "usherd", "cpu"),
		.payment_mysql = measured("payments", "usherd", "mysql"),
		.payments = measured("payments", "usherd", "rate"),
		.connection = measured("connections", "usherd", "bytes"),
	};
	return f->far > 0 && f->entry > 0 && f->bytes > 0 && f->payments > 0 && f->connection > 0;
}

static void ones_write(FILE *out, const struct figures *f)
{
	fprintf(out, "| one | carries at most | planned at half |\n|---|---|---|\n");
	fprintf(out, "| core of usherd, polls far back | 1,000,000 us / %.1f us = %.0f a second | %.0f |\n", f->far,
		1e6 / f->far, BUSY * 1e6 / f->far);
	fprintf(out, "| core of usherd, polls near the front | 1,000,000 / %.1f = %.0f a second | %.0f |\n", f->near,
		1e6 / f->near, BUSY * 1e6 / f->near);
	fprintf(out, "| core of usherd, entries | 1,000,000 / %.1f = %.0f a second | %.0f |\n", f->entry,
		1e6 / f->entry, BUSY * 1e6 / f->entry);
	fprintf(out, "| Redis (one core), polls near the front | 1,000,000 / %.1f = %.0f a second | %.0f |\n",
		f->near_redis, 1e6 / f->near_redis, BUSY * 1e6 / f->near_redis);
	fprintf(out, "| Redis (one core), entries | 1,000,000 / %.1f = %.0f a second | %.0f |\n", f->entry_redis,
		1e6 / f->entry_redis, BUSY * 1e6 / f->entry_redis);
	fprintf(out, "| MySQL here, beside all the others | %.0f payments a second, measured | %.0f |\n", f->payments,
		BUSY * f->payments);
	fprintf(out, "| core of MySQL, payments | 1,000,000 / %.0f = %.0f a second | %.0f |\n\n", f->payment_mysql,
		1e6 / f->payment_mysql, BUSY * 1e6 / f->payment_mysql);
}

static void polling_write(FILE *out, const struct figures *f)
{
	static const double every[] = {30, 15, 5};

	fprintf(out, "Ten million people who poll far back need, at half load:\n\n"
		     "| each polls every | polls a second | cores of usherd |\n|---|---|---|\n");
	for (int i = 0; i < 3; i++)
		fprintf(out, "| %.0f s | 10,000,000 / %.0f = %.0f | %.0f x %.1f us / 1,000,000 / %.1f = %.0f |\n",
			every[i], every[i], PEOPLE / every[i], PEOPLE / every[i], f->far, BUSY,
			ceil(PEOPLE / every[i] * f->far / 1e6 / BUSY));
	fprintf(out,
		"\nFar back `pollAfterMs` is 30 s, so the first line is the usual one. None of these reaches Redis.\n\n");
}

/* Polls a second of those in the first `places` of a line. */
static double front_polls(double places)
{
	double bend = (POLL_MOST - POLL_LEAST) / POLL_A_PLACE;
	double near = places < bend ? places : bend;

	return log(1 + near * POLL_A_PLACE / POLL_LEAST) / POLL_A_PLACE + (places - near) / POLL_MOST;
}

static void front_write(FILE *out, const struct figures *f)
{
	double places = ADMITTED * NEAR_SECONDS, polls = front_polls(places);

	fprintf(out,
		"Near the front Redis is asked. `pollAfterMs` is 1 s and 4 ms more for each place, at most 30 s (from place"
		" 7,250 on), so the first 7,250 poll 250 x ln(30) = %.0f times a second in all, however long the line is."
		" With %.0f let in a second the first %.0f are near: %.0f polls a second, %.1f %% of a core of usherd and"
		" %.1f %% of Redis.\n\n",
		front_polls(7250), ADMITTED, places, polls, polls * f->near / 1e4, polls * f->near_redis / 1e4);
}

static void entering_write(FILE *out, const struct figures *f)
{
	double rate = PEOPLE / ENTRY_SECONDS;

	fprintf(out,
		"Ten million people who enter within %d minutes are %.0f entries a second: %.1f cores of usherd at half load"
		" (%.0f x %.1f us / 1,000,000 / %.1f), and %.0f %% of the one Redis (x %.1f us). One Redis at half load takes"
		" %.0f entries a second, so ten million in %.1f minutes. They take %.0f bytes each there: %.2f GB.\n\n",
		ENTRY_SECONDS / 60, rate, ceil(rate * f->entry / 1e6 / BUSY), rate, f->entry, BUSY,
		rate * f->entry_redis / 1e4, f->entry_redis, BUSY * 1e6 / f->entry_redis,
		PEOPLE * f->entry_redis / 1e6 / BUSY / 60, f->bytes, PEOPLE * f->bytes / 1e9);
	fprintf(out,
		"An open connection takes %.1f kB of usherd. Connections that are kept over 30 s would be ten million, %.0f GB"
		" on all nodes together; a proxy in front that keeps them and passes on the %.0f polls a second needs a few"
		" hundred to each node.\n\n",
		f->connection / 1e3, PEOPLE * f->connection / 1e9, PEOPLE / 30);
}

static void selling_write(FILE *out, const struct figures *f)
{
	fprintf(out,
		"A hall of %d seats, a payment for each, is sold in %d / %.0f = %.0f s of MySQL as it ran here, sharing two"
		" cores with all else. What limits it is the people: with %.0f let in a second, of whom each buys, MySQL has to"
		" do %.0f payments a second, %.1f cores of its own at %.0f us each, and usherd %.1f cores at %.0f us.\n",
		SEATS, SEATS, f->payments, SEATS / f->payments, ADMITTED, ADMITTED, ADMITTED * f->payment_mysql / 1e6,
		f->payment_mysql, ADMITTED * f->payment / 1e6, f->payment);
}

bool capacity_write(const char *path)
{
	struct figures f;
	FILE *out;

	if (!figures_read(&f))
		return false;
	out = fopen(path, "w");
	if (!out)
		bench_fail("cannot write %s", path);
	ones_write(out, &f);
	polling_write(out, &f);
	front_write(out, &f);
	entering_write(out, &f);
	selling_write(out, &f);
	if (fclose(out) != 0)
		bench_fail("cannot write %s", path);
	return true;
}

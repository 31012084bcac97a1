/*
 * The rows: what is measured. Each does all that it needs, so that it can be run alone.
 */
#ifndef USHER_TESTS_BENCH_ROWS_H
#define USHER_TESTS_BENCH_ROWS_H

void row_poll(void);        /* position polls, far back and near the front, beside the others */
void row_latency(void);     /* the same in an open loop */
void row_entry(void);       /* entering, as a user the daemon knows */
void row_memory(void);      /* of Redis, a waiting user */
void row_growth(void);      /* polls and entries in lines of three lengths */
void row_workers(void);     /* one and two */
void row_seats(void);       /* the map of a large hall */
void row_hold(void);        /* a hold that is refused */
void row_payments(void);    /* a second, over HTTP and straight */
void row_strangers(void);   /* 50,000 whom the daemon does not know */
void row_connections(void); /* memory of 10,000 */

#endif

/*
 * All routes, and the steps of each resource that the table names.
 */
#ifndef USHER_API_ROUTES_H
#define USHER_API_ROUTES_H

#include "api/visit.h"

/* The router over the whole table. NULL when memory is out. */
struct router *routes_new(void);

/* tokens.c */
enum step tokens_help(struct request *r);
enum step token_read_body(struct request *r);
enum step token_check_user(struct request *r);
enum step token_enter(struct request *r);
enum step token_draw(struct request *r);
enum step token_figures(struct request *r);
enum step token_answer(struct request *r);
enum step token_leave(struct request *r);
enum step token_cancel_holds(struct request *r);
enum step token_release_holds(struct request *r);
enum step token_left(struct request *r);

/* position.c */
enum step position_figures(struct request *r);
enum step position_answer(struct request *r);

/* concerts.c */
enum step concerts_figures(struct request *r);
enum step concerts_list(struct request *r);
enum step dates_count(struct request *r);
enum step dates_answer(struct request *r);

/* pages.c */
enum step page_buyer(struct request *r);
enum step page_admin(struct request *r);
enum step page_file(struct request *r);

/* seats.c */
enum step seats_look(struct request *r);
enum step seats_find(struct request *r);
enum step seats_answer(struct request *r);

/* reservations.c */
enum step reserve_read(struct request *r);
enum step reserve_hold(struct request *r);
enum step reserve_record(struct request *r);
enum step reserve_answer(struct request *r);
enum step reservation_ask(struct request *r);
enum step reservation_answer(struct request *r);
enum step reservation_cancel(struct request *r);
enum step reservation_release(struct request *r);
enum step reservation_released(struct request *r);

/* payments.c */
enum step payment_ask(struct request *r);
enum step payment_settle(struct request *r);
enum step payment_strike(struct request *r);
enum step payment_answer(struct request *r);

/* balance.c */
enum step balance_ask(struct request *r);
enum step balance_charge(struct request *r);
enum step balance_answer(struct request *r);

/* queues.c */
enum step queue_figures(struct request *r);
enum step queue_answer(struct request *r);

/* admin.c */
enum step admin_queue_answer(struct request *r);
enum step admin_queues_ask(struct request *r);
enum step admin_queues_answer(struct request *r);
enum step admin_patch_read(struct request *r);
enum step admin_patch_sync(struct request *r);

/* history.c */
enum step admin_history(struct request *r);

/* catalog.c */
enum step catalog_import(struct request *r);
enum step catalog_sync(struct request *r);
enum step catalog_answer(struct request *r);

/* audit.c */
enum step audit_mysql(struct request *r);
enum step audit_queues(struct request *r);
enum step audit_seats(struct request *r);
enum step audit_queues_again(struct request *r);
enum step audit_mysql_again(struct request *r);
enum step audit_answer(struct request *r);

/* health.c */
enum step health_live(struct request *r);
enum step health_ready(struct request *r);
enum step openapi_answer(struct request *r);

/* metrics.c */
enum step metrics_answer(struct request *r);

#endif

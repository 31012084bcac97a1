/* The route table. The order is for speed only: what is asked most stands first. */
#include "api/routes.h"

#include "api/filter.h"
#include "api/standing.h"
#include "settings.h"

static const struct route table[] = {
	{METHOD_GET, "/v1/queue/position", NEED_TOKEN | MAY_ESTIMATE, NULL, {position_figures, position_answer}},
	{METHOD_POST,
	 "/v1/tokens",
	 NEED_JSON,
	 NULL,
	 {token_read_body, token_check_user, token_enter, token_draw, token_figures, token_answer}},
	{METHOD_GET, "/v1/tokens", NEED_NOTHING, NULL, {tokens_help}},
	{METHOD_DELETE,
	 "/v1/tokens",
	 NEED_TOKEN,
	 NULL,
	 {token_leave, token_cancel_holds, token_release_holds, token_left}},
	{METHOD_GET,
	 "/v1/concerts/{concertId}/dates",
	 NEED_ACTIVE,
	 NULL,
	 {standing_figures, dates_count, dates_answer}},
	{METHOD_GET,
	 "/v1/schedules/{scheduleId}/seats",
	 NEED_ACTIVE | NEED_SEATS,
	 NULL,
	 {standing_figures, seats_find, seats_answer}},
	{METHOD_POST,
	 "/v1/reservations",
	 NEED_ACTIVE | NEED_JSON,
	 NULL,
	 {reserve_read, reserve_hold, reserve_record, reserve_answer}},
	{METHOD_GET, "/v1/reservations/{reservationId}", NEED_ACTIVE, NULL, {reservation_ask, reservation_answer}},
	{METHOD_DELETE,
	 "/v1/reservations/{reservationId}",
	 NEED_ACTIVE,
	 NULL,
	 {reservation_cancel, reservation_release, reservation_released}},
	{METHOD_POST,
	 "/v1/payments",
	 NEED_ACTIVE | NEED_ACTIVE_OR_REPLAY | NEED_JSON,
	 NULL,
	 {payment_ask, payment_settle, payment_strike, payment_answer}},
	{METHOD_POST, "/v1/users/{userId}/balance/charges", NEED_JSON, NULL, {balance_charge, balance_answer}},
	{METHOD_GET, "/v1/users/{userId}/balance", NEED_NOTHING, NULL, {balance_ask, balance_answer}},
	{METHOD_GET, "/v1/concerts", NEED_NOTHING, NULL, {concerts_figures, concerts_list}},
	{METHOD_GET, "/v1/queues/{queue}", NEED_NOTHING, NULL, {queue_figures, queue_answer}},
	{METHOD_GET, "/admin/v1/queues", NEED_ADMIN, NULL, {admin_queues_ask, admin_queues_answer}},
	{METHOD_GET, "/admin/v1/queues/{queue}", NEED_ADMIN, NULL, {queue_figures, admin_queue_answer}},
	{METHOD_PATCH,
	 "/admin/v1/queues/{queue}",
	 NEED_ADMIN | NEED_JSON,
	 NULL,
	 {admin_patch_read, admin_patch_sync, queue_figures, admin_queue_answer}},
	{METHOD_GET, "/admin/v1/queues/{queue}/history", NEED_ADMIN, NULL, {admin_history}},
	{METHOD_POST,
	 "/admin/v1/catalog",
	 NEED_ADMIN,
	 &settings.catalog_limit,
	 {catalog_import, catalog_sync, catalog_answer}},
	{METHOD_GET,
	 "/admin/v1/audit",
	 NEED_ADMIN,
	 NULL,
	 {audit_mysql, audit_queues, audit_seats, audit_queues_again, audit_mysql_again, audit_answer}},
	{METHOD_GET, "/healthz", NEED_NOTHING, NULL, {health_live}},
	{METHOD_GET, "/readyz", NEED_NOTHING, NULL, {health_ready}},
	{METHOD_GET, "/metrics", NEED_NOTHING, NULL, {metrics_answer}},
	{METHOD_GET, "/openapi.json", NEED_NOTHING, NULL, {openapi_answer}},
	{METHOD_GET, "/web/{version}/{file}", NEED_NOTHING, NULL, {page_file}},
	{METHOD_GET, "/", NEED_NOTHING, NULL, {page_buyer}},
	{METHOD_GET, "/c/{concertId}", NEED_NOTHING, NULL, {page_buyer}},
	{METHOD_GET, "/admin", WITH_ADMIN, NULL, {page_admin}},
};

_Static_assert(sizeof(table) / sizeof(table[0]) <= ROUTES_MOST, "more routes than have a row in the histogram");

struct router *routes_new(void)
{
	struct route open[sizeof(table) / sizeof(table[0])];
	size_t count = 0;

	/* Without an admin key there is no /admin at all. */
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (settings.admin_key || !(table[i].needs & (NEED_ADMIN | WITH_ADMIN)))
			open[count++] = table[i];
	return router_new(open, count, filter_preludes, filter_prelude_count);
}

/* GET /v1/queue/position: where the token stands. */
#include "api/routes.h"
#include "api/standing.h"

enum step position_figures(struct request *r)
{
	return standing_figures(r);
}

enum step position_answer(struct request *r)
{
	return standing_reply(r, 200, NULL);
}

/* Seats and money. */
#include "rows.h"
void row_seats(void)
{
}
void row_hold(void)
{
}
void row_payments(void)
{
}
void row_strangers(void)
{
}
void row_connections(void)
{
}

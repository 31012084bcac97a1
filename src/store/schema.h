/*
 * The steps of schema/mysql, applied in order, each once.
 */
#ifndef USHER_STORE_SCHEMA_H
#define USHER_STORE_SCHEMA_H

#include "store/pool.h"

/* Brings the database up to this daemon's schema. Several daemons may do so at once: a named lock
 * lets one of them work while the others wait. */
enum code schema_work(struct db *db, struct job *job);

#endif

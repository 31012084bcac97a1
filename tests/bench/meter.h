/*
 * What servers use: processor time, memory, commands.
 */
#ifndef USHER_TESTS_BENCH_METER_H
#define USHER_TESTS_BENCH_METER_H

#include <stdint.h>
#include <sys/types.h>

/* The processors' time since the machine was started, and what of it the host of a virtual one kept (both in
 * the kernel's ticks). */
struct ticks {
	int64_t all, stolen;
};
void meter_ticks(struct ticks *t);

/* User and system time of all threads of a process so far, in nanoseconds. */
int64_t meter_cpu_ns(pid_t pid);

/* Resident memory of a process, in bytes. */
int64_t meter_resident(pid_t pid);

/* A number out of Redis' INFO, such as "used_memory:"; -1: not there. */
int64_t meter_redis_info(const char *name);

/* How often Redis was asked for a command so far, functions' own calls among them. */
int64_t meter_redis_calls(const char *command);

/* A global status variable of the database. */
int64_t meter_mysql(const char *name);

#endif

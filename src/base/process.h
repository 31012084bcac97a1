/*
 * What the system says of this process.
 */
#ifndef USHER_BASE_PROCESS_H
#define USHER_BASE_PROCESS_H

#include <stdint.h>

/* User and system time so far, in seconds. */
double process_cpu_seconds(void);

/* Memory in bytes, resident and in all. Each is 0 where the system does not say. */
void process_memory(int64_t *resident, int64_t *virtual);

/* How many descriptors are open, and how many may be. -1 where the system does not say. */
int64_t process_open_descriptors(void);
int64_t process_most_descriptors(void);

#endif

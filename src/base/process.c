/* getrusage(2) and /proc. */
#include "base/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTORS "/proc/self/fd"

double process_cpu_seconds(void)
{
	struct rusage used;

	if (getrusage(RUSAGE_SELF, &used) != 0)
		return 0;
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

void process_memory(int64_t *resident, int64_t *virtual)
{
	FILE *f = fopen("/proc/self/statm", "re");
	int64_t page = sysconf(_SC_PAGESIZE);

	if (!f || fscanf(f, "%" SCNd64 " %" SCNd64, virtual, resident) != 2)
		*virtual = *resident = 0;
	*virtual *= page;
	*resident *= page;
	if (f)
		fclose(f);
}

/* Linux tells their number as the directory's size from 6.2 on; before that they have to be counted, less the
 * one that is open for counting. */
int64_t process_open_descriptors(void)
{
	struct stat st;
	int64_t n = -1;
	DIR *dir;

	if (stat(DESCRIPTORS, &st) == 0 && st.st_size > 0)
		return st.st_size;
	dir = opendir(DESCRIPTORS);
	if (!dir)
		return -1;
	for (struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

int64_t process_most_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT64_MAX)
		return -1;
	return (int64_t)limit.rlim_cur;
}

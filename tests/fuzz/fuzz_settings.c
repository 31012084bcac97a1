/* The config file and the addresses in it: what is accepted is whole and within its limits, and a MySQL
 * address written again from its parts has the same parts. */
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include "settings.h"
#include "tests/fuzz/fuzz.h"

static int file;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	must(sodium_init() >= 0);
	file = memfd_create("config", 0);
	must(file >= 0);
	return 0;
}

/* The secrets are given, so that no file is read for them. */
static enum settings_result settings_of(const void *text, size_t len)
{
	static char name[] = "usherd", admin[] = "--admin-key=key", config[64],
		    secret[] = "--secret=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		    older[] = "--previous-secret=ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";
	char *argv[] = {name, admin, secret, older, config, NULL};

	snprintf(config, sizeof(config), "--config=/proc/self/fd/%d", file);
	must(ftruncate(file, 0) == 0 && pwrite(file, text, len, 0) == (ssize_t)len);
	return settings_read(5, argv);
}

static void settings_check(void)
{
	const struct settings *s = &settings;

	must(*s->listen_host || s->listen[0] == '[');
	must(s->listen_port >= 0 && s->listen_port <= 65535);
	must(!s->redis_path != !s->redis_host);
	must(s->redis_path ? *s->redis_path : s->redis_port >= 1 && s->redis_port <= 65535);
	must(s->mysql_user && s->mysql_password && s->mysql_host && *s->mysql_database);
	must(s->mysql_port >= 1 && s->mysql_port <= 65535);
	must(s->workers >= 0 && s->workers <= 256 && s->db_threads >= 2 && s->db_threads <= 256);
	must(s->db_queue >= 1 && s->redis_in_flight >= 16 && s->idle_seconds >= 1 && s->return_seconds >= 0);
	must(s->body_limit >= 1024 && s->catalog_limit >= 1024 && s->header_limit >= 1024);
}

/* Every sign as %41. */
static char *put_escaped(char *to, const char *text)
{
	for (; *text; text++)
		to += sprintf(to, "%%%02x", (unsigned char)*text);
	return to;
}

static char *mysql_write(const struct settings *s)
{
	char *text = malloc(3 * (strlen(s->mysql_user) + strlen(s->mysql_password)) + strlen(s->mysql) + 64), *p = text;

	must(text);
	p = put_escaped(p + sprintf(p, "mysql = mysql://"), s->mysql_user);
	*p++ = ':';
	p = put_escaped(p, s->mysql_password);
	p += sprintf(p, "@%s:%d/%s", s->mysql_host, s->mysql_port, s->mysql_database);
	if (s->mysql_socket)
		sprintf(p, "?socket=%s", s->mysql_socket);
	return text;
}

static void mysql_again(void)
{
	char *first = mysql_write(&settings), *second;

	settings_free();
	must(settings_of(first, strlen(first)) == SETTINGS_OK);
	second = mysql_write(&settings);
	must(strcmp(first, second) == 0);
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (settings_of(data, size) == SETTINGS_OK) {
		settings_check();
		if (strlen(settings.mysql) < 1000)
			mysql_again();
	}
	settings_free();
	return 0;
}

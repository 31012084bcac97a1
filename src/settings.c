/* One table of settings: flag, environment, file. */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings settings;

enum kind { TEXT, NUMBER };
enum origin { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct setting {
	const char *name, *value; /* the default; NULL: none */
	enum kind kind;
	size_t offset;
	long least, most;
	const char *help;
	enum origin origin;
};

#define TEXT_OF(field) TEXT, offsetof(struct settings, field), 0, 0
#define NUMBER_OF(field, least, most) NUMBER, offsetof(struct settings, field), least, most

static struct setting table[] = {
	{"config", NULL, TEXT_OF(config), "file with lines name = value", 0},
	{"listen", "127.0.0.1:8080", TEXT_OF(listen), "address and port; port 0 takes a free one", 0},
	{"workers", "0", NUMBER_OF(workers, 0, 256), "worker threads; 0 is one per core", 0},
	{"redis", "127.0.0.1:6379", TEXT_OF(redis), "unix:/path or host:port", 0},
	{"mysql", "mysql://root@localhost/usher", TEXT_OF(mysql),
	 "mysql://user:password@host:port/db or mysql://user@localhost/db?socket=/path", 0},
	{"secret", NULL, TEXT_OF(secret), "64 hex digits that sign the tokens", 0},
	{"secret-file", NULL, TEXT_OF(secret_file), "file that holds the secret", 0},
	{"previous-secret", NULL, TEXT_OF(previous_secret), "the secret before, still accepted", 0},
	{"previous-secret-file", NULL, TEXT_OF(previous_secret_file), "file that holds it", 0},
	{"admin-key", NULL, TEXT_OF(admin_key), "opens /admin; without it /admin is 404", 0},
	{"admin-key-file", NULL, TEXT_OF(admin_key_file), "file that holds the admin key", 0},
	{"log-level", "info", TEXT_OF(log_level), "error, info or debug (a line a request)", 0},
	{"catalog", NULL, TEXT_OF(catalog), "catalogue file loaded at the start", 0},
	{"web-dir", NULL, TEXT_OF(web_dir), "directory whose files replace those of the pages, by name", 0},
	{"cors-origin", NULL, TEXT_OF(cors_origin),
	 "origins whose pages may call the API, with spaces between; * is any", 0},
	{"db-threads", "8", NUMBER_OF(db_threads, 2, 256), "MySQL connections", 0},
	{"db-queue", "1024", NUMBER_OF(db_queue, 1, 1000000), "jobs that may wait for MySQL", 0},
	{"redis-in-flight", "65536", NUMBER_OF(redis_in_flight, 16, 1000000), "commands a worker may have under way",
	 0},
	{"return-seconds", "5", NUMBER_OF(return_seconds, 0, 3600),
	 "after Redis was lost, old places may come back this long before anybody is let in", 0},
	{"body-limit", "65536", NUMBER_OF(body_limit, 1024, 16777216), "bytes of a request's body", 0},
	{"catalog-limit", "1048576", NUMBER_OF(catalog_limit, 1024, 268435456),
	 "bytes of a catalogue sent to /admin/v1/catalog", 0},
	{"header-limit", "16384", NUMBER_OF(header_limit, 1024, 1048576), "bytes of a request's headers", 0},
	{"header-lines", "100", NUMBER_OF(header_lines, 10, 10000), "lines of a request's headers", 0},
	{"input-limit", "67108864", NUMBER_OF(input_limit, 1048576, 1099511627776),
	 "bytes that requests not yet whole may take together", 0},
	{"connections-limit", "10000", NUMBER_OF(connections_limit, 1, 10000000), "most open connections", 0},
	{"idle-seconds", "75", NUMBER_OF(idle_seconds, 1, 86400), "an idle connection is closed after", 0},
	{"request-seconds", "30", NUMBER_OF(request_seconds, 1, 86400),
	 "most time from the first byte of a request to its last", 0},
	{"answer-seconds", "60", NUMBER_OF(answer_seconds, 1, 86400), "most time a client may take for an answer", 0},
};

#define TABLE_SIZE (sizeof(table) / sizeof(table[0]))

static bool complain(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool complain(const char *name, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "usherd: setting %s: ", name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return false;
}

static struct setting *setting_find(const char *name, size_t len)
{
	for (size_t i = 0; i < TABLE_SIZE; i++)
		if (strlen(table[i].name) == len && strncmp(table[i].name, name, len) == 0)
			return &table[i];
	return NULL;
}

static bool number_set(const struct setting *s, const char *value)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (errno || end == value || *end || n < s->least || n > s->most)
		return complain(s->name, "must be a whole number from %ld to %ld", s->least, s->most);
	*(long *)((char *)&settings + s->offset) = n;
	return true;
}

static bool setting_set(struct setting *s, const char *value, enum origin origin)
{
	char **slot = (char **)((char *)&settings + s->offset);

	if (origin < s->origin)
		return true;
	s->origin = origin;
	if (s->kind == NUMBER)
		return number_set(s, value);
	free(*slot);
	*slot = strdup(value);
	return *slot || complain(s->name, "out of memory");
}

/* Shows no more than may be a flag's name: what stands in a wrong place may well be a secret. */
static bool unknown_complain(int number, const char *argument)
{
	if (strncmp(argument, "--", 2) == 0)
		fprintf(stderr, "usherd: unknown argument '%.*s' (--help lists them)\n",
			(int)strspn(argument, "abcdefghijklmnopqrstuvwxyz-"), argument);
	else
		fprintf(stderr, "usherd: unknown argument number %d (--help lists them)\n", number);
	return false;
}

static bool flags_read(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i], *equals = strchr(argv[i], '='), *value;
		struct setting *s = NULL;

		if (strncmp(name, "--", 2) == 0) {
			name += 2;
			s = setting_find(name, equals ? (size_t)(equals - name) : strlen(name));
		}
		if (!s)
			return unknown_complain(i, argv[i]);
		value = equals ? equals + 1 : (i + 1 < argc ? argv[++i] : NULL);
		if (!value)
			return complain(s->name, "has no value");
		if (!setting_set(s, value, FROM_FLAG))
			return false;
	}
	return true;
}

static bool environment_read(void)
{
	for (size_t i = 0; i < TABLE_SIZE; i++) {
		char name[64];
		const char *value;
		int n = snprintf(name, sizeof(name), "USHER_%s", table[i].name);

		for (int k = 0; k < n; k++)
			name[k] = name[k] == '-' ? '_' : (char)toupper((unsigned char)name[k]);
		value = getenv(name);
		if (value && *value && !setting_set(&table[i], value, FROM_ENVIRONMENT))
			return false;
	}
	return true;
}

/* Cuts white space off both ends, in place. */
static char *trim(char *text)
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}

/* `full`: the line is longer than there was room for. */
static bool config_line(char *line, int number, bool full)
{
	char *name = trim(line), *equals = strchr(name, '=');
	struct setting *s;

	if (full)
		return complain("config", "line %d is too long", number);
	if (!*name || *name == '#')
		return true;
	if (!equals)
		return complain("config", "line %d has no '='", number);
	*equals = '\0';
	name = trim(name);
	s = setting_find(name, strlen(name));
	if (!s)
		return complain("config", "line %d: unknown setting '%.64s'", number, name);
	return setting_set(s, trim(equals + 1), FROM_FILE);
}

static bool config_read(const char *path)
{
	char line[4096];
	int number = 0;
	bool good = true;
	FILE *f = fopen(path, "r");

	if (!f)
		return complain("config", "cannot read %s: %s", path, strerror(errno));
	while (good && fgets(line, sizeof(line), f))
		good = config_line(line, ++number, !strchr(line, '\n') && strlen(line) == sizeof(line) - 1);
	if (good && ferror(f))
		good = complain("config", "cannot read %s: %s", path, strerror(errno));
	fclose(f);
	return good;
}

/* Fills `*slot` from the file of the same name, unless the value itself was given. */
static bool secret_from_file(const char *name, const char *path, char **slot)
{
	char text[512];
	FILE *f;

	if (*slot || !path)
		return true;
	f = fopen(path, "r");
	if (!f)
		return complain(name, "cannot read %s: %s", path, strerror(errno));
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	*slot = strdup(trim(text));
	sodium_memzero(text, sizeof(text));
	return *slot || complain(name, "out of memory");
}

static bool key_parse(const char *name, const char *hex, unsigned char key[SECRET_BYTES])
{
	size_t n;

	if (strlen(hex) != 2 * SECRET_BYTES || sodium_hex2bin(key, SECRET_BYTES, hex, strlen(hex), NULL, &n, NULL) ||
	    n != SECRET_BYTES)
		return complain(name, "must be 64 hex digits");
	return true;
}

static bool port_parse(const char *name, const char *text, int least, int *port)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!isdigit((unsigned char)*text) || *end || n < least || n > 65535)
		return complain(name, "the port must be a number from %d to 65535", least);
	*port = (int)n;
	return true;
}

/* Splits host:port; [::1]:8080 has brackets, as in a URL. */
static bool address_parse(const char *name, const char *text, int least, char **host, int *port)
{
	const char *colon = strrchr(text, ':');
	size_t len;

	if (!colon || colon == text)
		return complain(name, "must be host:port");
	len = (size_t)(colon - text);
	if (text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	*host = strndup(text, len);
	return *host && port_parse(name, colon + 1, least, port);
}

static bool redis_parse(const char *text)
{
	if (strncmp(text, "unix:", 5) != 0)
		return address_parse("redis", text, 1, &settings.redis_host, &settings.redis_port);
	if (!text[5])
		return complain("redis", "unix: needs a path");
	settings.redis_path = strdup(text + 5);
	return settings.redis_path != NULL;
}

/* Undoes %41 in place, so that a password may hold any sign. */
static bool percent_decode(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '%') {
			unsigned char byte;
			size_t n;

			if (!text[1] || sodium_hex2bin(&byte, 1, text + 1, 2, NULL, &n, NULL) || n != 1 || !byte)
				return false;
			*to++ = (char)byte;
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
	return true;
}

static bool mysql_authority_parse(char *user, char *host)
{
	char *password = strchr(user, ':'), *port = strchr(host, ':');

	if (password)
		*password++ = '\0';
	if (port) {
		*port++ = '\0';
		if (!port_parse("mysql", port, 1, &settings.mysql_port))
			return false;
	}
	settings.mysql_user = strdup(user);
	settings.mysql_password = strdup(password ? password : "");
	settings.mysql_host = strdup(host);
	return settings.mysql_user && settings.mysql_password && settings.mysql_host &&
	       ((percent_decode(settings.mysql_user) && percent_decode(settings.mysql_password)) ||
		complain("mysql", "has a broken %%-escape"));
}

static bool mysql_parse(const char *text)
{
	static const char scheme[] = "mysql://", socket_key[] = "socket=";
	char *copy, *at, *slash, *query;
	bool good;

	if (strncmp(text, scheme, strlen(scheme)) != 0)
		return complain("mysql", "must begin with mysql://");
	copy = strdup(text + strlen(scheme));
	if (!copy)
		return complain("mysql", "out of memory");
	/* The socket's path may hold an '@' of its own. */
	query = strstr(copy, "?socket=");
	at = memrchr(copy, '@', query ? (size_t)(query - copy) : strlen(copy));
	slash = at ? strchr(at, '/') : NULL;
	if (!slash || at == copy || !slash[1] || slash[1] == '?') {
		free(copy);
		return complain("mysql", "must be mysql://user:password@host:port/db");
	}
	*at = *slash = '\0';
	query = strchr(slash + 1, '?');
	if (query)
		*query++ = '\0';
	settings.mysql_port = 3306;
	settings.mysql_database = strdup(slash + 1);
	good = settings.mysql_database && mysql_authority_parse(copy, at + 1);
	if (good && query && strncmp(query, socket_key, strlen(socket_key)) != 0)
		good = complain("mysql", "after '?' only socket=/path is known");
	else if (good && query)
		settings.mysql_socket = strdup(query + strlen(socket_key));
	free(copy);
	return good;
}

static bool secrets_check(void)
{
	struct settings *s = &settings;

	if (!secret_from_file("secret-file", s->secret_file, &s->secret) ||
	    !secret_from_file("previous-secret-file", s->previous_secret_file, &s->previous_secret) ||
	    !secret_from_file("admin-key-file", s->admin_key_file, &s->admin_key))
		return false;
	if (!s->secret)
		return complain("secret", "is missing: 64 hex digits, or name a secret-file");
	if (s->admin_key && !*s->admin_key)
		return complain("admin-key", "is empty");
	s->has_previous_key = s->previous_secret != NULL;
	return key_parse("secret", s->secret, s->key) &&
	       (!s->has_previous_key || key_parse("previous-secret", s->previous_secret, s->previous_key));
}

/* Each word an origin as a browser says it: a scheme and a host, no path (RFC 6454, 6.2). */
static bool origins_check(const char *text)
{
	for (const char *p = text; *(p += strspn(p, " ")); p += strcspn(p, " ")) {
		size_t n = strcspn(p, " ");
		const char *host = strncmp(p, "https://", 8) == 0  ? p + 8
				   : strncmp(p, "http://", 7) == 0 ? p + 7
								   : NULL;

		if (!(n == 1 && *p == '*') && (!host || host >= p + n || memchr(host, '/', (size_t)(p + n - host))))
			return complain("cors-origin", "must be origins such as https://shop.example, or *");
	}
	return true;
}

static bool settings_check(void)
{
	static const char *const levels[] = {"error", "info", "debug"};
	bool known = false;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		known |= strcmp(settings.log_level, levels[i]) == 0;
	if (!known)
		return complain("log-level", "must be error, info or debug");
	if (settings.cors_origin && !origins_check(settings.cors_origin))
		return false;
	return address_parse("listen", settings.listen, 0, &settings.listen_host, &settings.listen_port) &&
	       redis_parse(settings.redis) && mysql_parse(settings.mysql) && secrets_check();
}

enum settings_result settings_read(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0)
			return SETTINGS_HELP;
		if (strcmp(argv[i], "--version") == 0)
			return SETTINGS_VERSION;
	}
	for (size_t i = 0; i < TABLE_SIZE; i++)
		if (table[i].value && !setting_set(&table[i], table[i].value, FROM_DEFAULT))
			return SETTINGS_BAD;
	if (!flags_read(argc, argv) || !environment_read() || (settings.config && !config_read(settings.config)) ||
	    !settings_check())
		return SETTINGS_BAD;
	return SETTINGS_OK;
}

void settings_help(void)
{
	puts("usherd: the waiting line, the seats and the money behind one HTTP facade\n"
	     "A setting is a flag (--listen), an environment variable (USHER_LISTEN) and a line of the\n"
	     "config file (listen = ...); the flag beats the environment, the environment the file.\n");
	for (size_t i = 0; i < TABLE_SIZE; i++)
		printf("  --%-22s %s%s%s%s\n", table[i].name, table[i].help, table[i].value ? " [" : "",
		       table[i].value ? table[i].value : "", table[i].value ? "]" : "");
	puts("  --help                   this text\n  --version                the version");
}

void settings_free(void)
{
	struct settings *s = &settings;

	for (size_t i = 0; i < TABLE_SIZE; i++) {
		if (table[i].kind == TEXT)
			free(*(char **)((char *)s + table[i].offset));
		table[i].origin = FROM_DEFAULT;
	}
	free(s->listen_host);
	free(s->redis_path);
	free(s->redis_host);
	free(s->mysql_user);
	free(s->mysql_password);
	free(s->mysql_host);
	free(s->mysql_socket);
	free(s->mysql_database);
	sodium_memzero(s, sizeof(*s));
}

/* Flags, environment, and the URL taken apart. */
#include "ctl/options.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/say.h"

#define URL_DEFAULT "http://127.0.0.1:8080"
#define HTTP_PORT "80"

static const struct setting {
	const char *name, *help;
	size_t offset;
	bool secret;
} table[] = {
	{"url", "where usherd listens (USHER_URL) [" URL_DEFAULT "]", offsetof(struct options, url), false},
	{"admin-key", "the daemon's admin key (USHER_ADMIN_KEY)", offsetof(struct options, key), true},
	{"admin-key-file", "file that holds it (USHER_ADMIN_KEY_FILE)", offsetof(struct options, key_file), false},
};

#define TABLE_SIZE (sizeof(table) / sizeof(table[0]))

static const struct setting *setting_find(const char *name, size_t len)
{
	for (size_t i = 0; i < TABLE_SIZE; i++)
		if (strlen(table[i].name) == len && strncmp(table[i].name, name, len) == 0)
			return &table[i];
	return NULL;
}

/* Shows no more than may be a flag's name: the rest may be a secret in a wrong place. */
static bool unknown_complain(const char *argument)
{
	return complain("unknown argument '%.*s' (--help lists them)",
			(int)strspn(argument, "abcdefghijklmnopqrstuvwxyz-"), argument);
}

/* Takes argv[*i], which begins with "--", and its value, which may stand behind it. */
static bool flag_read(struct options *o, int argc, char **argv, int *i)
{
	char *name = argv[*i] + 2, *equals = strchr(name, '='), *value;
	const struct setting *s = setting_find(name, equals ? (size_t)(equals - name) : strlen(name));
	char **slot;

	if (!s)
		return unknown_complain(argv[*i]);
	value = equals ? equals + 1 : (*i + 1 < argc ? argv[++*i] : NULL);
	if (!value)
		return complain("setting %s: has no value", s->name);
	slot = (char **)((char *)o + s->offset);
	free(*slot);
	*slot = must(strdup(value));
	if (s->secret)
		explicit_bzero(value, strlen(value));
	return true;
}

static bool flags_read(struct options *o, int argc, char **argv)
{
	o->words = must(calloc((size_t)argc + 1, sizeof(*o->words)));
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			o->json = true;
		else if (strcmp(argv[i], "--watch") == 0)
			o->watch = true;
		else if (strcmp(argv[i], "--dry-run") == 0)
			o->dry_run = true;
		else if (strncmp(argv[i], "--", 2) != 0)
			o->words[o->word_count++] = argv[i];
		else if (!flag_read(o, argc, argv, &i))
			return false;
	}
	return true;
}

static char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? must(strdup(value)) : NULL;
}

/* The two ways to give the key are one setting: a flag for either beats the environment. */
static void environment_read(struct options *o)
{
	if (!o->url)
		o->url = environment("USHER_URL");
	if (!o->url)
		o->url = must(strdup(URL_DEFAULT));
	if (o->key || o->key_file)
		return;
	o->key = environment("USHER_ADMIN_KEY");
	if (!o->key)
		o->key_file = environment("USHER_ADMIN_KEY_FILE");
}

/* The first line, without the white space around it. */
static bool key_from_file(struct options *o)
{
	char text[512], *begin = text, *end;
	FILE *f = fopen(o->key_file, "r");

	if (!f)
		return complain("setting admin-key-file: cannot read %s: %s", o->key_file, strerror(errno));
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	while (isspace((unsigned char)*begin))
		begin++;
	end = begin + strlen(begin);
	while (end > begin && isspace((unsigned char)end[-1]))
		*--end = '\0';
	o->key = must(strdup(begin));
	explicit_bzero(text, sizeof(text));
	return *o->key || complain("setting admin-key-file: %s is empty", o->key_file);
}

/* Without a key the daemon itself says that one is needed. */
static bool key_check(struct options *o)
{
	if (!o->key)
		return !o->key_file || key_from_file(o);
	if (!*o->key)
		return complain("setting admin-key: is empty");
	for (const char *p = o->key; *p; p++)
		if (iscntrl((unsigned char)*p))
			return complain("setting admin-key: must not hold control characters");
	return true;
}

static bool port_valid(const char *port)
{
	size_t n = strspn(port, "0123456789");

	return n > 0 && n <= 5 && !port[n] && atoi(port) > 0 && atoi(port) < 65536;
}

/* Splits host:port; [::1]:8080 has brackets. */
static bool authority_parse(struct options *o)
{
	const char *text = o->authority, *end, *port = HTTP_PORT;

	if (*text == '[') {
		end = strchr(++text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		port = end[1] ? end + 2 : port;
	} else {
		end = text + strcspn(text, ":");
		port = *end ? end + 1 : port;
	}
	if (end == text || !port_valid(port))
		return false;
	o->host = must(strndup(text, (size_t)(end - text)));
	o->port = must(strdup(port));
	return true;
}

/* A user and a password in it would be a secret, so they are refused and the URL is not shown. */
static bool url_parse(struct options *o)
{
	static const char scheme[] = "http://";
	const char *rest = o->url + strlen(scheme);
	size_t n;

	if (strncasecmp(o->url, scheme, strlen(scheme)) != 0)
		return complain("setting url: must begin with %s", scheme);
	for (const char *p = rest; *p; p++)
		if (!isgraph((unsigned char)*p) || strchr("@?#", *p))
			return complain("setting url: must be http://host:port");
	o->authority = must(strndup(rest, strcspn(rest, "/")));
	rest += strlen(o->authority);
	for (n = strlen(rest); n && rest[n - 1] == '/'; n--)
		;
	o->base = must(strndup(rest, n));
	return authority_parse(o) || complain("setting url: must be http://host:port");
}

enum options_result options_read(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0)
			return OPTIONS_HELP;
		if (strcmp(argv[i], "--version") == 0)
			return OPTIONS_VERSION;
	}
	if (!flags_read(o, argc, argv))
		return OPTIONS_BAD;
	environment_read(o);
	return url_parse(o) && key_check(o) ? OPTIONS_OK : OPTIONS_BAD;
}

void options_help(void)
{
	for (size_t i = 0; i < TABLE_SIZE; i++)
		printf("  --%-16s %s\n", table[i].name, table[i].help);
	puts("  --json             the daemon's JSON as it came\n"
	     "  --watch            status: anew every second, until Ctrl-C\n"
	     "  --dry-run          import: say what would change, and change nothing\n"
	     "  --help, --version  this text; the version");
}

void options_free(struct options *o)
{
	if (o->key)
		explicit_bzero(o->key, strlen(o->key));
	free(o->url);
	free(o->key);
	free(o->key_file);
	free(o->words);
	free(o->authority);
	free(o->host);
	free(o->port);
	free(o->base);
}

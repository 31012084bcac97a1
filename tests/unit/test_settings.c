/* Settings: which source wins, what each wrong one says, and that no secret is ever shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "settings.h"
#include "unit/unit.h"

#define SECRET "5ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4e75ec4"
#define OLDER "01de401de401de401de401de401de401de401de401de401de401de401de401de"
#define ADMIN "open-sesame"
#define PASSWORD "swordfish"

static char path[64];

/* A file with this text, whose name is in `path`. */
static void file_write(const char *text)
{
	int fd;

	strcpy(path, "/tmp/usher-settings-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
}

static enum settings_result read_with(char *flag)
{
	char name[] = "usherd", secret[] = "--secret=" SECRET;
	char *argv[] = {name, secret, flag, NULL};

	ck_assert_int_ge(sodium_init(), 0);
	return settings_read(flag ? 3 : 2, argv);
}

START_TEST(test_defaults)
{
	ck_assert_int_eq(read_with(NULL), SETTINGS_OK);
	ck_assert_str_eq(settings.listen_host, "127.0.0.1");
	ck_assert_int_eq(settings.listen_port, 8080);
	ck_assert_int_eq(settings.workers, 0);
	ck_assert_str_eq(settings.log_level, "info");
	ck_assert_int_eq(settings.key[0], 0x5e);
	ck_assert(!settings.has_previous_key);
	ck_assert_ptr_null(settings.admin_key);
	settings_free();
}
END_TEST

static void file_only(void)
{
	char flag[128];

	file_write("# a comment\n\n  workers = 3  \nlisten=0.0.0.0:1\ndb-threads = 4\n");
	snprintf(flag, sizeof(flag), "--config=%s", path);
	ck_assert_int_eq(read_with(flag), SETTINGS_OK);
	unlink(path);
}

START_TEST(test_file_beats_default)
{
	file_only();
	ck_assert_int_eq(settings.workers, 3);
	ck_assert_int_eq(settings.listen_port, 1);
	settings_free();
}
END_TEST

/* What does not fit is refused: the rest of a line is not a line. */
START_TEST(test_long_line_is_refused)
{
	static char text[8192], flag[128];

	memset(text, 'x', sizeof(text) - 1);
	text[0] = '#';
	memcpy(text + 4095, "workers = 9\n", 12);
	text[4095 + 12] = '\0';
	file_write(text);
	snprintf(flag, sizeof(flag), "--config=%s", path);
	ck_assert_int_eq(read_with(flag), SETTINGS_BAD);
	unlink(path);
	settings_free();
}
END_TEST

START_TEST(test_settings_are_read_anew)
{
	char flag[] = "--workers=7";

	ck_assert_int_eq(read_with(flag), SETTINGS_OK);
	settings_free();
	ck_assert_int_eq(read_with(NULL), SETTINGS_OK);
	ck_assert_int_eq(settings.workers, 0);
	ck_assert_str_eq(settings.log_level, "info");
	settings_free();
}
END_TEST

START_TEST(test_mysql_socket_with_an_at)
{
	char flag[] = "--mysql=mysql://root@localhost/usher?socket=/run/a@b/my.sock";

	ck_assert_int_eq(read_with(flag), SETTINGS_OK);
	ck_assert_str_eq(settings.mysql_user, "root");
	ck_assert_str_eq(settings.mysql_host, "localhost");
	ck_assert_str_eq(settings.mysql_database, "usher");
	ck_assert_str_eq(settings.mysql_socket, "/run/a@b/my.sock");
	settings_free();
}
END_TEST

START_TEST(test_environment_beats_file)
{
	setenv("USHER_WORKERS", "5", 1);
	setenv("USHER_LISTEN", "[::1]:2", 1);
	setenv("USHER_DB_THREADS", "", 1); /* as if it were not there */
	file_only();
	ck_assert_int_eq(settings.workers, 5);
	ck_assert_str_eq(settings.listen_host, "::1");
	ck_assert_int_eq(settings.listen_port, 2);
	ck_assert_int_eq(settings.db_threads, 4);
	settings_free();
}
END_TEST

START_TEST(test_flag_beats_environment_and_file)
{
	char workers[] = "--workers=7";

	file_write("workers = 3\nlog-level = error\n");
	setenv("USHER_CONFIG", path, 1);
	setenv("USHER_WORKERS", "5", 1);
	setenv("USHER_LOG_LEVEL", "debug", 1);
	ck_assert_int_eq(read_with(workers), SETTINGS_OK);
	unlink(path);
	ck_assert_int_eq(settings.workers, 7);
	ck_assert_str_eq(settings.log_level, "debug");
	settings_free();
}
END_TEST

START_TEST(test_flag_and_value_may_stand_apart)
{
	char name[] = "usherd", flag[] = "--workers", value[] = "9", secret[] = "--secret=" SECRET;
	char *argv[] = {name, flag, value, secret, NULL};

	ck_assert_int_eq(settings_read(4, argv), SETTINGS_OK);
	ck_assert_int_eq(settings.workers, 9);
	settings_free();
}
END_TEST

START_TEST(test_mysql_is_taken_apart)
{
	char flag[] = "--mysql=mysql://us%40er:p%3Aw%2F@db.example:3307/shop";

	ck_assert_int_eq(read_with(flag), SETTINGS_OK);
	ck_assert_str_eq(settings.mysql_user, "us@er");
	ck_assert_str_eq(settings.mysql_password, "p:w/");
	ck_assert_str_eq(settings.mysql_host, "db.example");
	ck_assert_int_eq(settings.mysql_port, 3307);
	ck_assert_str_eq(settings.mysql_database, "shop");
	ck_assert_ptr_null(settings.mysql_socket);
	settings_free();
}
END_TEST

START_TEST(test_mysql_socket)
{
	char flag[] = "--mysql=mysql://root@localhost/usher?socket=/run/my.sock";

	ck_assert_int_eq(read_with(flag), SETTINGS_OK);
	ck_assert_str_eq(settings.mysql_socket, "/run/my.sock");
	ck_assert_str_eq(settings.mysql_password, "");
	ck_assert_str_eq(settings.mysql_database, "usher");
	settings_free();
}
END_TEST

START_TEST(test_redis_socket)
{
	char flag[] = "--redis=unix:/run/redis.sock";

	ck_assert_int_eq(read_with(flag), SETTINGS_OK);
	ck_assert_str_eq(settings.redis_path, "/run/redis.sock");
	ck_assert_ptr_null(settings.redis_host);
	settings_free();
}
END_TEST

START_TEST(test_redis_address)
{
	char flag[] = "--redis=cache:6380";

	ck_assert_int_eq(read_with(flag), SETTINGS_OK);
	ck_assert_ptr_null(settings.redis_path);
	ck_assert_str_eq(settings.redis_host, "cache");
	ck_assert_int_eq(settings.redis_port, 6380);
	settings_free();
}
END_TEST

START_TEST(test_secret_from_a_file)
{
	char name[] = "usherd", flag[128], *argv[] = {name, flag, NULL};

	ck_assert_int_ge(sodium_init(), 0);
	file_write("  " OLDER "\n");
	snprintf(flag, sizeof(flag), "--secret-file=%s", path);
	ck_assert_int_eq(settings_read(2, argv), SETTINGS_OK);
	unlink(path);
	ck_assert_int_eq(settings.key[0], 0x01);
	ck_assert_int_eq(settings.key[1], 0xde);
	settings_free();
}
END_TEST

/* Runs usherd with an environment and arguments in the shell's words. Gives its exit status and
 * what it wrote; nothing it ever writes may hold a secret. */
static char output[16384];

static int usherd_run(const char *environment, const char *arguments)
{
	static const char *const secrets[] = {SECRET, OLDER, ADMIN, PASSWORD, "5ec4e75e", "01de401d"};
	char shell[2048];
	size_t n;
	int status;
	FILE *f;

	snprintf(shell, sizeof(shell), "env -i PATH=\"$PATH\" %s %s %s </dev/null 2>&1", environment,
		 getenv("USHERD") ? getenv("USHERD") : "./usherd", arguments);
	f = popen(shell, "r");
	ck_assert_ptr_nonnull(f);
	n = fread(output, 1, sizeof(output) - 1, f);
	output[n] = '\0';
	status = pclose(f);
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		ck_assert_msg(!strstr(output, secrets[i]), "%s %s shows %s:\n%s", environment, arguments, secrets[i],
			      output);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define GOOD                                                                                                           \
	"USHER_SECRET=" SECRET " USHER_PREVIOUS_SECRET=" OLDER " USHER_ADMIN_KEY=" ADMIN                               \
	" USHER_MYSQL=mysql://root:" PASSWORD "@h/db"

/* The start must have stopped with one line that names the setting. */
static void refused(int status, const char *name)
{
	char want[64];
	const char *end = strchr(output, '\n');

	snprintf(want, sizeof(want), "usherd: setting %s: ", name);
	ck_assert_int_eq(status, 2);
	ck_assert_msg(strncmp(output, want, strlen(want)) == 0, "%s: %s", name, output);
	ck_assert_msg(end && !end[1], "more than a line: %s", output);
}

static const struct bad {
	const char *name, *value;
} bad[] = {
	{"workers", "-1"},
	{"workers", "257"},
	{"workers", "two"},
	{"workers", "1.5"},
	{"workers", "99999999999999999999"},
	{"listen", "8080"},
	{"listen", ":8080"},
	{"listen", "127.0.0.1:"},
	{"listen", "127.0.0.1:65536"},
	{"listen", "127.0.0.1:80x"},
	{"listen", "127.0.0.1:-1"},
	{"redis", "unix:"},
	{"redis", "localhost"},
	{"redis", "localhost:0"},
	{"mysql", "postgres://root:" PASSWORD "@h/db"},
	{"mysql", "mysql://"},
	{"mysql", "mysql://root:" PASSWORD "@h"},
	{"mysql", "mysql://root:" PASSWORD "@h/"},
	{"mysql", "mysql://@h/db"},
	{"mysql", "mysql://root:" PASSWORD "@h:0/db"},
	{"mysql", "mysql://root:" PASSWORD "@h:99999/db"},
	{"mysql", "mysql://root:" PASSWORD "%zz@h/db"},
	{"mysql", "mysql://root:" PASSWORD "%4@h/db"},
	{"mysql", "mysql://root:" PASSWORD "@h/db?charset=x"},
	{"secret", "5ec4e75e"},
	{"secret", SECRET "0"},
	{"secret", "x" OLDER},
	{"secret", "zz01de401de401de401de401de401de401de401de401de401de401de401de401"},
	{"previous-secret", "01de401d"},
	{"previous-secret", OLDER "ff"},
	{"log-level", "loud"},
	{"db-threads", "1"},
	{"db-queue", "0"},
	{"redis-in-flight", "15"},
	{"body-limit", "1023"},
	{"catalog-limit", "268435457"},
	{"header-limit", "1048577"},
	{"header-lines", "9"},
	{"input-limit", "1048575"},
	{"connections-limit", "0"},
	{"idle-seconds", "0"},
	{"request-seconds", "0"},
	{"answer-seconds", "86401"},
	{"config", "/nonexistent/file"},
};

#define BAD (sizeof(bad) / sizeof(bad[0]))

START_TEST(test_wrong_flag_is_named)
{
	char text[256];

	for (size_t i = 0; i < BAD; i++) {
		snprintf(text, sizeof(text), "'--%s=%s'", bad[i].name, bad[i].value);
		refused(usherd_run(GOOD, text), bad[i].name);
	}
	refused(usherd_run(GOOD, "--workers="), "workers");
	refused(usherd_run(GOOD, "--admin-key="), "admin-key");
	refused(usherd_run(GOOD, "--workers"), "workers");
}
END_TEST

START_TEST(test_wrong_environment_is_named)
{
	char text[1024];

	for (size_t i = 0; i < BAD; i++) {
		int n = snprintf(text, sizeof(text), "%s 'USHER_", GOOD);

		for (const char *p = bad[i].name; *p; p++)
			text[n++] = *p == '-' ? '_' : (char)(*p - 'a' + 'A');
		snprintf(text + n, sizeof(text) - (size_t)n, "=%s'", bad[i].value);
		refused(usherd_run(text, ""), bad[i].name);
	}
}
END_TEST

START_TEST(test_wrong_line_is_named)
{
	char text[1024];

	for (size_t i = 0; i < BAD; i++) {
		if (strcmp(bad[i].name, "config") == 0)
			continue;
		snprintf(text, sizeof(text), "%s%s = %s\n",
			 strcmp(bad[i].name, "secret") ? "secret = " SECRET "\n" : "", bad[i].name, bad[i].value);
		file_write(text);
		snprintf(text, sizeof(text), "--config=%s", path);
		refused(usherd_run("", text), bad[i].name);
		unlink(path);
	}
}
END_TEST

static void config_says(const char *lines, const char *want)
{
	char flag[128];

	file_write(lines);
	snprintf(flag, sizeof(flag), "--config %s", path);
	ck_assert_int_eq(usherd_run(GOOD, flag), 2);
	ck_assert_str_eq(output, want);
	unlink(path);
}

START_TEST(test_wrong_files)
{
	config_says("workers = 2\n\nsecret " SECRET "\n", "usherd: setting config: line 3 has no '='\n");
	config_says("worker = 2\n", "usherd: setting config: line 1: unknown setting 'worker'\n");
	refused(usherd_run("", "--secret-file=/nonexistent"), "secret-file");
	refused(usherd_run("USHER_SECRET=" SECRET, "--previous-secret-file=/nonexistent"), "previous-secret-file");
	refused(usherd_run("USHER_SECRET=" SECRET, "--admin-key-file=/nonexistent"), "admin-key-file");
	refused(usherd_run("", "--secret-file=/dev/null"), "secret");
	refused(usherd_run("USHER_SECRET=" SECRET, "--admin-key-file=/dev/null"), "admin-key");
	refused(usherd_run("", ""), "secret");
}
END_TEST

START_TEST(test_unknown_arguments_show_no_secret)
{
	static const char *const arguments[] = {
		"--secret = " SECRET,
		SECRET,
		"secret=" SECRET,
		"-secret=" SECRET,
		"--secret" SECRET,
		"--secret-" SECRET,
		"--sekret=" SECRET,
		"--admin-key = " ADMIN,
		"mysql://root:" PASSWORD "@h/db",
		"--mysql//root:" PASSWORD "@h/db",
	};

	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		ck_assert_int_eq(usherd_run(GOOD, arguments[i]), 2);
		ck_assert_msg(strncmp(output, "usherd: unknown argument", 24) == 0, "%s", output);
		ck_assert_ptr_eq(strchr(output, '\n'), output + strlen(output) - 1);
	}
	usherd_run(GOOD, "--sekret=x");
	ck_assert_ptr_nonnull(strstr(output, "'--sekret'"));
}
END_TEST

START_TEST(test_help_and_version)
{
	ck_assert_int_eq(usherd_run(GOOD, "--help"), 0);
	for (size_t i = 0; i < BAD; i++) {
		char flag[64];

		snprintf(flag, sizeof(flag), "  --%s ", bad[i].name);
		ck_assert_msg(strstr(output, flag) != NULL, "%s", flag);
	}
	ck_assert_int_eq(usherd_run("", "--version"), 0);
	ck_assert_int_eq(strncmp(output, "usherd ", 7), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_defaults,
				      test_file_beats_default,
				      test_long_line_is_refused,
				      test_settings_are_read_anew,
				      test_mysql_socket_with_an_at,
				      test_environment_beats_file,
				      test_flag_beats_environment_and_file,
				      test_flag_and_value_may_stand_apart,
				      test_mysql_is_taken_apart,
				      test_mysql_socket,
				      test_redis_socket,
				      test_redis_address,
				      test_secret_from_a_file,
				      test_wrong_flag_is_named,
				      test_wrong_environment_is_named,
				      test_wrong_line_is_named,
				      test_wrong_files,
				      test_unknown_arguments_show_no_secret,
				      test_help_and_version,
				      NULL};

	return unit_main("settings", tests);
}

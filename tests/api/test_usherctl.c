/* The operator's command, as it is called on a sale that runs. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/usherctl.h"
#include "support/http.h"

/* status */

START_TEST(test_status_shows_all_queues)
{
	ck_assert_int_eq(ctl("status"), 0);
	ck_assert_ptr_nonnull(strstr(said.out, "queue"));
	out_has("admitted/s");
	out_has("\nmain ");
	out_has("600/600");
	out_has("open\n");
	ck_assert_str_eq(said.err, "");
}
END_TEST

START_TEST(test_status_of_one_queue_shows_its_settings)
{
	ck_assert_int_eq(ctl("status main"), 0);
	out_has("settings: capacity=100 ratePerSecond=50 sessionSeconds=600 claimSeconds=60 paused=false opensAt=null");
	ck_assert_int_eq(ctl("status nowhere"), 4);
	one_line_has("QUEUE_NOT_FOUND: No such queue");
	ck_assert_int_eq(ctl("status ../../../v1/concerts"), 4);
}
END_TEST

START_TEST(test_status_counts_the_line)
{
	ck_assert_int_eq(ctl("import %s", file("line.json", "{\"queues\":[{\"name\":\"line\",\"capacity\":1,"
							    "\"ratePerSecond\":50,\"sessionSeconds\":600,"
							    "\"claimSeconds\":60}]}")),
			 0);
	for (int user = 31; user <= 33; user++)
		free(token_of(P, user, "line"));
	ck_assert_int_eq(ctl("status line"), 0);
	/* One a minute is measured, so the second of two waits for two minutes. */
	out_has("\nline         2              1/1         0.0         0  2 min 00 s               0/0  open\n");
	ck_assert_int_eq(ctl("pause line"), 0);
	ck_assert_int_eq(ctl("status line"), 0);
	out_has(" -               0/0  paused\n");
	ck_assert_int_eq(ctl("resume line"), 0);
}
END_TEST

START_TEST(test_status_says_when_the_doors_open)
{
	ck_assert_int_eq(ctl("import %s", file("doors.json", "{\"queues\":[{\"name\":\"doors\",\"capacity\":1,"
							     "\"ratePerSecond\":50,\"sessionSeconds\":600,"
							     "\"claimSeconds\":60,\"opensAt\":"
							     "\"2035-01-01T00:00:00Z\"}]}")),
			 0);
	ck_assert_int_eq(ctl("status doors"), 0);
	out_has("opens 2035-01-01T00:00:00.000Z\n");
	ck_assert_int_eq(ctl("pause doors"), 0);
	out_has("paused=true");
	ck_assert_int_eq(ctl("status doors"), 0);
	out_has("paused, opens 2035-01-01T00:00:00.000Z\n");
}
END_TEST

/* --watch */

START_TEST(test_watch_prints_a_block_a_second_until_interrupted)
{
	const char *const arguments[] = {program(), "status", "main", "--watch", NULL};
	int64_t began = now_ms();
	int ends[2];
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = start(P, ends[1], arguments);
	ck_assert_msg(read_marks(ends[0], "settings: ", 2), "no second round: %s", said.out);
	ck_assert_int_ge(now_ms() - began, 900);
	kill(pid, SIGINT);
	ck_assert_int_eq(ended(pid), 0);
	close(ends[0]);
	ck_assert_ptr_null(strchr(said.out, '\033'));
}
END_TEST

START_TEST(test_watch_as_json_is_a_line_a_second)
{
	const char *const arguments[] = {program(), "--watch", "--json", "status", NULL};
	int ends[2];
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = start(P, ends[1], arguments);
	ck_assert(read_marks(ends[0], "{\"queues\":", 2));
	kill(pid, SIGINT);
	ck_assert_int_eq(ended(pid), 0);
	close(ends[0]);
	ck_assert_ptr_nonnull(strstr(said.out, "]}\n{\"queues\":"));
}
END_TEST

START_TEST(test_watch_on_a_terminal_stays_in_place)
{
	const char *const arguments[] = {program(), "status", "--watch", NULL};
	int inner, outer = terminal_open(&inner);
	pid_t pid = start(P, inner, arguments);

	ck_assert_msg(read_marks(outer, "\033[J", 2), "no second round: %s", said.out);
	kill(pid, SIGINT);
	ck_assert_int_eq(ended(pid), 0);
	close(outer);
	ck_assert_int_eq(strncmp(said.out, "\033[Hhttp://127.0.0.1:", 20), 0);
	out_has("main ");
}
END_TEST

START_TEST(test_watch_measures_between_two_rounds)
{
	const char *const arguments[] = {program(), "status", "swift", "--watch", NULL};
	int ends[2];
	pid_t pid;

	ck_assert_int_eq(ctl("import %s", file("swift.json", "{\"queues\":[{\"name\":\"swift\",\"capacity\":100,"
							     "\"ratePerSecond\":50,\"sessionSeconds\":600,"
							     "\"claimSeconds\":60}]}")),
			 0);
	free(token_of(P, 41, "swift"));
	free(token_of(P, 42, "swift"));
	free(token_of(P, 43, "swift"));
	ck_assert_int_eq(pipe(ends), 0);
	pid = start(P, ends[1], arguments);
	/* Three in the last minute are 0.05 a second, and none between the rounds is 0.0. */
	ck_assert(read_marks(ends[0], "settings: ", 2));
	ck_assert_ptr_nonnull(strstr(said.out, " 0.1 "));
	ck_assert_ptr_nonnull(strstr(said.out, " 0.0 "));
	for (int user = 44; user < 64; user++)
		free(token_of(P, user, "swift"));
	ck_assert(read_marks(ends[0], " 23/100 ", 1));
	ck_assert_ptr_null(strstr(strstr(said.out, " 23/100 "), " 0.0 "));
	kill(pid, SIGINT);
	ck_assert_int_eq(ended(pid), 0);
	close(ends[0]);
}
END_TEST

/* set, pause, resume */

START_TEST(test_set_changes_settings)
{
	ck_assert_int_eq(ctl("set main capacity=120 ratePerSecond=60"), 0);
	out_has("main: capacity=120 ratePerSecond=60 sessionSeconds=600 claimSeconds=60 paused=false opensAt=null\n");
	ck_assert_int_eq(sql_int("SELECT capacity FROM queues WHERE name = 'main'"), 120);
	ck_assert_int_eq(ctl("set main paused=true opensAt=2035-01-01T09:00:00+09:00"), 0);
	out_has("paused=true opensAt=2035-01-01T00:00:00.000Z");
	ck_assert_int_eq(ctl("set main paused=false opensAt=null capacity=100 ratePerSecond=50"), 0);
	out_has("main: capacity=100 ratePerSecond=50 sessionSeconds=600 claimSeconds=60 paused=false opensAt=null\n");
}
END_TEST

START_TEST(test_set_shows_what_the_daemon_refuses)
{
	ck_assert_int_eq(ctl("set main colour=7"), 4);
	one_line_has("INVALID_FIELD: colour");
	ck_assert_str_eq(said.out, "");
	ck_assert_int_eq(ctl("set main capacity=0"), 4);
	one_line_has("INVALID_FIELD: capacity");
	ck_assert_int_eq(ctl("set main ratePerSecond=fast"), 4);
	one_line_has("INVALID_FIELD: ratePerSecond");
	ck_assert_int_eq(ctl("set main opensAt=tomorrow"), 4);
	one_line_has("INVALID_FIELD: opensAt");
	ck_assert_int_eq(ctl("set main capacity=99999999999999999999"), 4);
	one_line_has("INVALID_FIELD: capacity");
	ck_assert_int_eq(ctl("set nowhere capacity=5"), 4);
	one_line_has("QUEUE_NOT_FOUND");
	ck_assert_int_eq(sql_int("SELECT capacity FROM queues WHERE name = 'main'"), 100);
}
END_TEST

START_TEST(test_pause_and_resume)
{
	ck_assert_int_eq(ctl("pause main"), 0);
	out_has("main: ");
	out_has("paused=true");
	ck_assert_int_eq(redis_int("HGET usher:{main}:queue paused"), 1);
	ck_assert_int_eq(ctl("resume main"), 0);
	out_has("paused=false");
	ck_assert_int_eq(redis_int("HGET usher:{main}:queue paused"), 0);
	ck_assert_int_eq(ctl("pause nowhere"), 4);
	ck_assert_int_eq(ctl("resume nowhere"), 4);
}
END_TEST

/* import */

START_TEST(test_import_says_what_changed)
{
	const char *path = file("one.json", "{\"users\":[{\"from\":2001,\"to\":2010,\"balance\":5}]}");

	ck_assert_int_eq(ctl("import %s", path), 0);
	out_has("sent 47 bytes\n");
	out_has("changed: 10 users\n");
	ck_assert_int_eq(ctl("import - <%s", path), 0);
	out_has("nothing changed\n");
	ck_assert_int_eq(ctl("import " SRCDIR "/schema/demo.json"), 0);
	out_has("nothing changed\n");
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM users WHERE id > 2000"), 10);
}
END_TEST

START_TEST(test_import_dry_run)
{
	const char *path = file("dry.json", "{\"queues\":[{\"name\":\"main\",\"capacity\":77,\"ratePerSecond\":50,"
					    "\"sessionSeconds\":600,\"claimSeconds\":60}],"
					    "\"users\":[{\"from\":3001,\"to\":3010,\"balance\":5}]}");

	ck_assert_int_eq(ctl("import --dry-run %s", path), 0);
	out_has(" 1  queues  changed  main          capacity 100 -> 77\n");
	out_has("10  users   added    3001 to 3010  balance 5\n");
	out_has("nothing was written");
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM users WHERE id > 3000"), 0);
	ck_assert_int_eq(ctl("--json import --dry-run %s", path), 0);
	ck_assert_int_eq((int)said_number("dryRun"), 1);
	ck_assert_int_eq(ctl("import --dry-run " SRCDIR "/schema/demo.json"), 0);
	out_has("nothing would change\n");
	ck_assert_int_eq(ctl("import --dry-run %s", file("bad.json", "{\"queues\":[{\"name\":\"x\"}]}")), 4);
	one_line_has("INVALID_FIELD: queues[0].capacity");
	ck_assert_int_eq(ctl("status --dry-run"), 2);
	one_line_has("--dry-run goes with import only");
}
END_TEST

START_TEST(test_import_shows_what_the_daemon_refuses)
{
	ck_assert_int_eq(ctl("import %s", file("bad.json", "{\"queues\":[{\"name\":\"x\"}]}")), 4);
	one_line_has("INVALID_FIELD: queues[0].capacity");
	ck_assert_int_eq(ctl("import %s", file("bad.json", "not JSON")), 4);
	one_line_has("INVALID_JSON");
	ck_assert_int_eq(ctl("import /dev/null"), 4);
	one_line_has("INVALID_JSON");
	ck_assert_int_eq(ctl("import /nowhere/at/all"), 2);
	one_line_has("/nowhere/at/all");
	ck_assert_int_eq(ctl("import /"), 2);
	one_line_has("cannot read /");
}
END_TEST

START_TEST(test_import_that_is_too_large_is_refused)
{
	const char *path = file("large.json", "");
	char command[256];

	snprintf(command, sizeof(command), "head -c 20000000 /dev/zero | tr '\\0' ' ' >%s", path);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(ctl("import %s", path), 4);
	one_line_has("BODY_TOO_LARGE");
}
END_TEST

START_TEST(test_import_draws_a_bar_on_a_terminal)
{
	const char *const arguments[] = {program(), "import", SRCDIR "/schema/demo.json", NULL};
	int inner, outer = terminal_open(&inner);
	pid_t pid = start(P, inner, arguments);

	ck_assert_msg(read_marks(outer, "nothing changed", 1), "%s", said.out);
	ck_assert_int_eq(ended(pid), 0);
	close(outer);
	out_has("[########################################] 100 %");
}
END_TEST

/* audit */

START_TEST(test_audit_holds)
{
	ck_assert_int_eq(ctl("audit"), 0);
	out_has("each seat has at most one live reservation");
	out_has("violations");
	ck_assert_ptr_null(strstr(said.out, "NO"));
}
END_TEST

START_TEST(test_audit_that_finds_a_violation_ends_with_3)
{
	sql_run("UPDATE balances SET amount = amount + 1 WHERE user_id = 5");
	ck_assert_int_eq(ctl("audit"), 3);
	out_has("each balance equals its ledger and is not negative");
	out_has("1  NO\n");
	ck_assert_int_eq(ctl("audit --json"), 3);
	ck_assert_int_eq((int)said_number("holds"), 0);
	sql_run("UPDATE balances SET amount = amount - 1 WHERE user_id = 5");
	ck_assert_int_eq(ctl("audit"), 0);
}
END_TEST

/* --json */

START_TEST(test_json_is_as_it_came)
{
	ck_assert_int_eq(ctl("--json status"), 0);
	ck_assert_int_eq(strncmp(said.out, "{\"queues\":[{\"queue\":\"", 21), 0);
	ck_assert_int_eq(ctl("status main --json"), 0);
	ck_assert_int_eq((int)said_number("seatsTotal"), 600);
	ck_assert_int_eq(ctl("set --json main capacity=101"), 0);
	ck_assert_int_eq((int)said_number("capacity"), 101);
	ck_assert_int_eq(ctl("set --json main capacity=100"), 0);
	ck_assert_int_eq(ctl("pause main --json"), 0);
	ck_assert_int_eq((int)said_number("paused"), 1);
	ck_assert_int_eq(ctl("resume main --json"), 0);
	ck_assert_int_eq((int)said_number("paused"), 0);
	ck_assert_int_eq(ctl("import " SRCDIR "/schema/demo.json --json"), 0);
	ck_assert_str_eq(said.out,
			 "{\"changed\":{\"queues\":0,\"users\":0,\"concerts\":0,\"schedules\":0,\"seats\":0}}\n");
	ck_assert_int_eq(ctl("audit --json"), 0);
	ck_assert_int_eq((int)said_number("holds"), 1);
	ck_assert_int_eq(ctl("status nowhere --json"), 4);
	ck_assert_int_eq((int)said_number("status"), 404);
	one_line_has("QUEUE_NOT_FOUND");
}
END_TEST

static TCase *cases(void)
{
	TCase *tc = tcase_create("usherctl");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_status_shows_all_queues);
	tcase_add_test(tc, test_status_of_one_queue_shows_its_settings);
	tcase_add_test(tc, test_status_counts_the_line);
	tcase_add_test(tc, test_status_says_when_the_doors_open);
	tcase_add_test(tc, test_watch_prints_a_block_a_second_until_interrupted);
	tcase_add_test(tc, test_watch_as_json_is_a_line_a_second);
	tcase_add_test(tc, test_watch_on_a_terminal_stays_in_place);
	tcase_add_test(tc, test_watch_measures_between_two_rounds);
	tcase_add_test(tc, test_set_changes_settings);
	tcase_add_test(tc, test_set_shows_what_the_daemon_refuses);
	tcase_add_test(tc, test_pause_and_resume);
	tcase_add_test(tc, test_import_says_what_changed);
	tcase_add_test(tc, test_import_dry_run);
	tcase_add_test(tc, test_import_shows_what_the_daemon_refuses);
	tcase_add_test(tc, test_import_that_is_too_large_is_refused);
	tcase_add_test(tc, test_import_draws_a_bar_on_a_terminal);
	tcase_add_test(tc, test_audit_holds);
	tcase_add_test(tc, test_audit_that_finds_a_violation_ends_with_3);
	tcase_add_test(tc, test_json_is_as_it_came);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("usherctl");
	SRunner *runner;
	int failed;

	stack_begin();
	redis_start();
	mysql_start();
	usherd_start(0, "--catalog=" SRCDIR "/schema/demo.json", NULL);
	unsetenv("USHER_URL");
	unsetenv("USHER_ADMIN_KEY");
	unsetenv("USHER_ADMIN_KEY_FILE");
	suite_add_tcase(suite, cases());
	suite_add_tcase(suite, trouble_cases());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return stack_end() && !failed ? 0 : 1;
}

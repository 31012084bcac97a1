/*
 * What every unit test program's main() does.
 */
#ifndef USHER_TESTS_UNIT_H
#define USHER_TESTS_UNIT_H

#include <check.h>

/* Runs the tests (ended by NULL). Gives main()'s exit status. */
static inline int unit_main(const char *name, const TTest *const *tests)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	for (; *tests; tests++)
		tcase_add_test(tc, *tests);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}

#endif

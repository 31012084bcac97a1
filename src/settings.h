/*
 * The settings: one table; a flag beats the environment, which beats the config file.
 */
#ifndef USHER_SETTINGS_H
#define USHER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_BYTES 32

struct settings {
	/* As written. */
	char *config, *listen, *redis, *mysql, *log_level, *catalog, *web_dir, *cors_origin;
	char *secret, *secret_file, *previous_secret, *previous_secret_file, *admin_key, *admin_key_file;
	long workers, db_threads, db_queue, redis_in_flight, return_seconds;
	long body_limit, catalog_limit, header_limit, header_lines, input_limit, connections_limit;
	long idle_seconds, request_seconds, answer_seconds;

	/* Taken apart. */
	char *listen_host;
	int listen_port;
	char *redis_path, *redis_host; /* one of them is NULL */
	int redis_port;
	char *mysql_user, *mysql_password, *mysql_host, *mysql_socket, *mysql_database;
	int mysql_port;
	unsigned char key[SECRET_BYTES], previous_key[SECRET_BYTES];
	bool has_previous_key;
};

/* Written once at the start of main(), read by everybody after that. */
extern struct settings settings;

enum settings_result { SETTINGS_OK, SETTINGS_HELP, SETTINGS_VERSION, SETTINGS_BAD };

/* Reads flags, environment and config file into `settings`. On SETTINGS_BAD one line that names
 * the setting was written to standard error. No message ever shows the value of a secret. */
enum settings_result settings_read(int argc, char **argv);

/* The exit status when a setting is wrong: starting again would fail again. */
#define STATUS_SETTINGS 2

/* Writes every setting with its default and meaning to standard output. */
void settings_help(void);

void settings_free(void);

#endif

/*
 * The commands of usherctl. Each is given its arguments, checks what only it can, and gives how the
 * program is to end; whatever went wrong was said on standard error.
 */
#ifndef USHER_CTL_COMMANDS_H
#define USHER_CTL_COMMANDS_H

#include "ctl/options.h"
#include "ctl/say.h"

/* [QUEUE]: figures of all queues or of one, once or, with --watch, every second until SIGINT. */
enum outcome command_status(const struct options *o, char **args, int count);

/* QUEUE key=value...: changes settings. The daemon judges keys and values. */
enum outcome command_set(const struct options *o, char **args, int count);

/* QUEUE: admits nobody from now on, or admits again. */
enum outcome command_pause(const struct options *o, char **args, int count);
enum outcome command_resume(const struct options *o, char **args, int count);

/* FILE ("-": standard input): loads a catalogue, or with --dry-run only says what that would change. */
enum outcome command_import(const struct options *o, char **args, int count);

/* Checks the invariants: CTL_VIOLATED if one does not hold. */
enum outcome command_audit(const struct options *o, char **args, int count);

#endif

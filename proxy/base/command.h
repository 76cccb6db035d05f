/* proxy/base: what the commands share: usage, reading the configuration, the host, the user.
 *
 * The commands. Each takes its own arguments (argv[0] is the command) and returns the exit
 * status. */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include <stdio.h>

enum command_exit { COMMAND_DONE = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_keygen(int argc, char **argv);
int command_show(int argc, char **argv);
int command_health(int argc, char **argv);

void command_help(FILE *out);

/* Says what is wrong with the arguments and returns COMMAND_USAGE. */
int command_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The FILE of `[-c FILE]`, the only thing that run and check take; NULL after saying what is
 * wrong. */
const char *command_file(int argc, char **argv);

#endif

/* proxy/base: what the commands share: usage, reading the configuration, the host, the user.
 *
 * The commands. Each takes its own arguments (argv[0] is the command) and returns the exit
 * status. */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include <stddef.h>

enum command_exit { COMMAND_DONE = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_keygen(int argc, char **argv);
int command_show(int argc, char **argv);
int command_health(int argc, char **argv);
int command_status(int argc, char **argv);
int command_events(int argc, char **argv);
int command_config(int argc, char **argv);
int command_reload(int argc, char **argv);
int command_notify(int argc, char **argv);
int command_log_level(int argc, char **argv);
int command_probe(int argc, char **argv);

/* Prints the page of a command to standard output; of all of them for "". */
void command_help(const char *name);

/* Says what is wrong with the arguments of a command, or of none (""), and returns
 * COMMAND_USAGE. */
int command_usage(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same of a word that is none of those known; `known` gives NULL past the last. */
int command_unknown_word(const char *name, const char *kind, const char *word,
                         const char *(*known)(size_t i));

/* Says that there is no such command. */
int command_unknown(const char *name);

#endif

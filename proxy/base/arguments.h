/* What follows a command, read the same way for all of them: options before, between and behind the
 * words. */
#ifndef BASE_ARGUMENTS_H
#define BASE_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

/* One that a command has beside -c, -h and -V. */
struct arguments_option {
    char letter;        /* 0: it has a name alone */
    const char *name;   /* NULL: it has a letter alone */
    const char **value; /* where its value goes; NULL: it takes none */
    bool *given;        /* set when it is there; may be NULL */
};

#define ARGUMENTS_OPTIONS_MAX 8

struct arguments {
    const struct arguments_option *options; /* borrowed; NULL: none */
    size_t option_count;
    unsigned most;    /* words that it takes */
    const char *file; /* of -c, or the default */
    char **words;     /* those that are no options; borrowed from argv */
    unsigned count;
};

#define ARGUMENTS_GO_ON (-1)

/* argv[0] is the command. ARGUMENTS_GO_ON, or the exit status when that was all: help or version
 * was asked for, or something is wrong, which has been said. */
int arguments_read(struct arguments *a, int argc, char **argv);

/* The same of a command that takes nothing but the configuration. */
int arguments_read_file(const char **file, int argc, char **argv);

#endif

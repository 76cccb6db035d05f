/* Where lines go: standard error, or whatever a test has in its place. */
#ifndef ADMIN_OUTPUT_H
#define ADMIN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* A pipe that has room for anything has room for so many octets (PIPE_BUF of Linux), and takes them
 * whole. */
#define OUTPUT_MAX 4096

/* Waits until there is room for a line, but no longer than so many milliseconds; false: there is
 * none yet. */
bool output_wait(int fd, int ms);

/* Writes a line of at most OUTPUT_MAX octets, with its end, in one piece, if that can be done
 * without waiting; false: it is lost. Callable in any thread. */
bool output_write(int fd, const char *text, size_t len);

#endif

/* seccomp: the system calls that this program may make from now on, in all its threads. */
#ifndef BASE_FILTER_H
#define BASE_FILTER_H

#include "config/config.h"

/* Does this kernel have it? */
bool filter_is_known(void);

/* What serving needs, with the questions about packet rules where it is transparent. Any other call
 * is answered as if the kernel did not know it, so that a library does without, and told in the
 * kernel's log; one that only an intruder makes ends the program, which says so on standard error.
 * Negative errno: nothing is in force. */
int filter_load(bool transparent) MUST_CHECK;

#endif

/* The places where the running program can be asked: the settings `control` and `http`. What cannot
 * be had though the configuration names it is an error; the default, a warning. */
#ifndef BASE_DOORS_H
#define BASE_DOORS_H

#include <stdio.h>
#include <sys/types.h>

#include "config/config.h"

/* Before root is given up: the folder of the default socket, which no reboot outlives. Without it,
 * the socket cannot be had, and that is said. */
void doors_make_room(const struct config *config);

/* Says why one cannot be had, and what to do. `holder` is who holds the control socket, or 0. True:
 * it may be left out. */
bool doors_forgive(FILE *out, const struct config *config, const char *setting, int error,
                   pid_t holder);

/* Could they be had? What a running instance holds is no finding. */
bool doors_try(const struct config *config);

#endif

/* Where people and their tools ask the running program: the control socket and HTTP. Both outlive a
 * reload that is refused, and a reload may move them.
 *
 * Happy path: office_init; for the first configuration as for each later one: office_prepare opens
 * what is new, office_commit closes what it takes the place of; office_close.
 * Failure: office_abandon leaves everything as it was. */
#ifndef PROXY_OFFICE_H
#define PROXY_OFFICE_H

#include <stdio.h>

#include "admin/control.h"
#include "admin/http.h"
#include "config/config.h"

struct office {
    struct control control;
    struct http *http; /* NULL: none */
    /* Of a change that is prepared. */
    bool moves_control, moves_http;
    struct control_hall *next_hall;
    struct http *next_http;
};

void office_init(struct office *office, uv_loop_t *loop, const struct admin_acts *acts);

/* What is wrong is said to `out`. Negative: it is an error, and nothing is to be committed. */
int office_prepare(struct office *office, const struct config *config, FILE *out) MUST_CHECK;
void office_abandon(struct office *office);
void office_commit(struct office *office);

/* Then the loop must run to its end. */
void office_close(struct office *office);

#endif

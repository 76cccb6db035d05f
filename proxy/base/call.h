/* Asking the running program, for commands. It is found by its configuration, of which [proxy] is
 * enough; who may not read that asks where an instance stands by default. */
#ifndef BASE_CALL_H
#define BASE_CALL_H

#include <jansson.h>

#include "config/config.h"

struct call {
    const char *file;                     /* borrowed */
    char control[CONFIG_CONTROL_MAX + 1]; /* "": off */
    struct address http;                  /* family ADDRESS_NONE: off */
};

/* Negative after saying why: there is no such file. `socket` is asked instead unless NULL. */
int call_find(struct call *call, const char *file, const char *socket) MUST_CHECK;

/* Over the control socket, a line of words. Returns 0 and a document, to be released with
 * json_decref, or a negative errno; nothing is said. */
int call_try(const struct call *call, const char *line, json_t **out) MUST_CHECK;

/* The same, and says why nothing came of it; NULL then. */
json_t *call_ask(const struct call *call, const char *line);

/* A document over HTTP. Negative errno; -EPROTO: what answers is not this program. */
int call_get(const struct call *call, const char *path, json_t **out) MUST_CHECK;

#endif

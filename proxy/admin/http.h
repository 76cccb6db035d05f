/* What can be seen of the program over HTTP: metrics, health, the status document and the page.
 * Nothing can be changed. By libmicrohttpd, on the main loop.
 *
 * Happy path: http_open; the daemon's epoll descriptor and its own timeout are watched by the
 * loop, and each turn of it runs the daemon; documents are made at most once a second and
 * shared; http_shut.
 * Failure: who sends no whole request, reads too slowly, or is one too many, is closed. */
#ifndef ADMIN_HTTP_H
#define ADMIN_HTTP_H

#include <uv.h>

#include "admin/acts.h"
#include "config/address.h"

struct http;

/* A socket bound to the address, or a negative errno. */
int http_bind(const struct address *local);

/* Negative errno. Does not keep the loop running. */
int http_open(uv_loop_t *loop, const struct address *local, const struct admin_acts *acts,
              struct http **out);
/* The loop then must run on; fine for NULL. */
void http_shut(struct http *http);

/* Where it can be asked. */
const struct address *http_address(const struct http *http);

#endif

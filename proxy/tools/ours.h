/* This proxy as a peer sees it: where the peer's requests go, and where ours come from. */
#ifndef TOOLS_OURS_H
#define TOOLS_OURS_H

#include "config/config.h"

/* The peers on the other side: a secondary's primaries, or those that a primary is one of, in file
 * order. NULL past the last; `*at` begins with 0. */
const struct peer *ours_next_across(const struct config *config, const struct peer *peer,
                                    size_t *at);

/* What the proxy binds to before it speaks to `to`, an address of the peer: what is configured, in
 * transparent mode an address across. Family ADDRESS_NONE: the kernel chooses. */
struct address ours_source(const struct config *config, const struct peer *peer,
                           const struct address *to);

/* The same as the peer sees it; family ADDRESS_NONE when there is no route. */
struct address ours_seen_from(const struct config *config, const struct peer *peer,
                              const struct address *to);

/* Where the peer's requests are to go, with ports: of the families that it speaks; what is a
 * wildcard becomes the address that the
 * kernel would choose towards the peer. The list is the caller's to free. */
int ours_asked_at(const struct config *config, const struct peer *peer,
                  struct address_list *out) MUST_CHECK;

/* Adds an address unless it is there. */
int ours_add(struct address_list *list, const struct address *a) MUST_CHECK;

#endif

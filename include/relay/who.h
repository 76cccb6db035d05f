/* Whose request it is, and which server its destination stands for. */
#ifndef RELAY_WHO_H
#define RELAY_WHO_H

#include "config/config.h"

/* What is known of a request before anything about it is proven; borrowed. */
struct who_question {
    const struct config *config;
    const struct address *from;
    const struct address *to;
    const struct dns_name *zone;
    const struct dns_name *key_name; /* of its TSIG; NULL without one */
    enum peer_operation operation;
};

struct who {
    const struct peer *client; /* NULL: unknown */
    const struct peer *server; /* NULL: the destination stands for no server alone */
    bool transparent;          /* it stands for it because it is the server's own address */
    bool has_zone;             /* the client, if a secondary; else a secondary of the client's */
    bool unheard;              /* no client: a peer fits that has no key and is not heard here */
};

/* A NOTIFY comes from a primary and is for a secondary, everything else the other way round. Of
 * several clients that the address fits: with TSIG those that hold a key of that name; then those
 * mapped to the server; the longest prefix; those that have the zone; the first in the file. A
 * secondary has a zone that its `zones` cover; and any name in it for an ordinary question, and for
 * that for an SOA, by which one learns where a zone begins. */
struct who who_find(const struct who_question *q);

/* On the path, a question of a primary to its secondary (an administrator's dig): who they are,
 * with `server` NULL when it is none of that or the secondary's `other` does not pass it. */
struct who who_passes_by(const struct who_question *q);

/* Who may be there, before anything is said. */
struct who_host {
    const struct peer *peer; /* the longest match, rather one without a key; NULL: nobody */
    bool is_signed;          /* all that may be there have a key */
    bool updates;            /* one of them may send UPDATEs */
};

struct who_host who_is_at(const struct config *config, const struct address *from);

/* The secondaries that a primary's NOTIFY for this zone is for; their number is returned, and they
 * are written to `out`, which has room for every peer, unless that is NULL. */
size_t who_is_notified(const struct config *config, const struct peer *primary,
                       const struct dns_name *zone, const struct peer **out);

/* Is it for a secondary with `notify = no`? For `named` alone unless that is NULL. */
bool who_declines(const struct config *config, const struct peer *primary,
                  const struct dns_name *zone, const struct peer *named);

#endif

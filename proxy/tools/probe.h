/* probe: plays each side against the live servers. What its parts share. */
#ifndef TOOLS_PROBE_H
#define TOOLS_PROBE_H

#include "base/talk.h"
#include "config/config.h"
#include "tools/findings.h"

/* Of a list of zones so many are tried. */
#define PROBE_ZONES_MAX 10

struct probe {
    const struct config *config;
    const char *file;
    const struct dns_name *zone; /* the one to try; NULL: those that are listed */
    bool notify;                 /* send NOTIFYs */
    bool zonemd;                 /* fetch zones and verify their digests */
    struct findings findings;
    bool *is_down; /* owned; by place of a primary: nothing answered there */
    int error;     /* of the last question that had no answer */
    struct talk talk;
};

/* The zones to try with a peer, and how many more there are. */
struct probe_zones {
    struct dns_name names[PROBE_ZONES_MAX];
    size_t count;
    size_t more;
    bool any; /* a pattern stands for others, too */
};

void probe_find_zones(const struct probe *p, const struct peer *peer, struct probe_zones *out);
/* Behind what was found of these: that there are more, or none. */
void probe_say_zones(struct probe *p, const struct probe_zones *zones);

/* Where a peer is asked as the proxy would ask it. */
struct talk_place probe_place(const struct probe *p, const struct peer *peer,
                              const struct address *to, bool tcp);

/* Asks for a zone's SOA. 0 or a negative errno, as talk_ask. */
int probe_ask_soa(struct probe *p, const struct talk_place *place, const struct dns_name *zone);

/* Sees whether an address of a peer answers at all, over UDP and TCP, and says so; the talk has the
 * answer of one of them, by whose transport `place` then goes on. False: nothing answers. */
bool probe_reach(struct probe *p, const struct peer *peer, const struct dns_name *zone,
                 struct talk_place *place);

/* The zone's serial by a SOA answer; false when the answer has none. */
bool probe_read_serial(const struct talk *t, const struct dns_name *zone, uint32_t *serial);

/* What the last answer shows of key and clock: says what is wrong, or that it is good. False when
 * the server cannot go on with us. */
bool probe_check_key(struct probe *p, const struct peer *peer, const struct talk_place *place);

/* Does it know the key with other algorithms as well as with its own? The talk had the answer to a
 * question, and has it no longer. */
bool probe_takes_any_algorithm(struct probe *p, const struct talk_place *place);

enum probe_fetched {
    PROBE_FETCHED,
    PROBE_NOT_GIVEN, /* the answer is no transfer; the talk has it */
    PROBE_BROKEN,    /* it began, and did not come to a good end */
    PROBE_SILENT,    /* no answer; `p->error` says why */
};

/* Transfers the zone: the first message, or with `zonemd` the whole, whose digest is then told. */
enum probe_fetched probe_fetch(struct probe *p, const struct talk_place *place,
                               const struct dns_name *zone, uint32_t *serial);

void probe_primary(struct probe *p, const struct peer *primary);
void probe_secondary(struct probe *p, const struct peer *secondary);
/* As the secondary, against the proxy that runs here. */
void probe_proxy(struct probe *p, const struct peer *secondary);

/* The label of a key's section. */
const char *probe_label(const struct probe *p, const struct tsig_key *key);

/* "primary", "secondary" */
const char *probe_role(const struct peer *peer);

#endif

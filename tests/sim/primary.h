/* A primary: it has zones, whose serials rise, sends NOTIFYs and asks again, and answers SOA, AXFR
 * and IXFR as one server or another does. */
#ifndef SIM_PRIMARY_H
#define SIM_PRIMARY_H

#include "frames.h"
#include "seal.h"
#include "truth.h"

/* How it answers. */
struct manner {
    unsigned records;     /* in one message of a transfer, at most */
    bool notifies_tcp;    /* its NOTIFYs go over TCP */
    bool no_question;     /* in messages behind the first, or in any: axfrdns */
    bool axfr_alone;      /* an IXFR is answered in the style of AXFR */
    bool closes;          /* after each answer */
    unsigned signs_every; /* with a key: so many messages; the first and the last always */
    unsigned cuts;        /* a transfer in mid-stream; chance in a thousand */
    unsigned spoils;      /* ... a message of it */
};

struct herald;

struct primary {
    struct host host;
    struct address address;
    const struct seal_key *key; /* NULL: it knows no TSIG */
    struct manner manner;
    struct zone **zones; /* owned array; the zones are the play's */
    size_t zone_count;
    const struct address *targets; /* of NOTIFYs; the play's */
    size_t target_count;
    bool silent;            /* it sends none */
    struct herald *heralds; /* owned; a zone's stand side by side */
    LIST_HEAD(visits, visit) visits;
    unsigned visit_count;
    unsigned most_visits; /* that there ever were at once */
};

void primary_init(struct primary *p, unsigned place, const struct seal_key *key);
void primary_own(struct primary *p, struct zone **zones, size_t count); /* takes the array */
void primary_fini(struct primary *p);

void primary_say(struct primary *p, const struct address *to, uint16_t port, const uint8_t *octets,
                 size_t len);
void primary_changed(struct primary *p, const struct zone *z); /* that zone has a new version */
void primary_fail(struct primary *p, bool silent);             /* all connections are gone */

#endif

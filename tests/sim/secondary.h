/* A secondary: it asks for the SOA of its zones by their timers (RFC 1035 section 3.3.13, RFC
 * 1996), transfers what is newer, and believes nothing that does not verify. */
#ifndef SIM_SECONDARY_H
#define SIM_SECONDARY_H

#include "frames.h"
#include "line.h"
#include "seal.h"
#include "truth.h"

#define COPY_IDS 32 /* of late answers, which may take seconds */

enum copy_state { COPY_RESTS, COPY_ASKS, COPY_WAITS, COPY_TRANSFERS };

/* One zone of one secondary, and what it asks about it. */
struct copy {
    struct secondary *secondary;
    struct zone *zone;
    bool has;
    uint32_t serial;
    uint32_t *values;   /* owned */
    uint64_t confirmed; /* ms: when it was last up to date */
    enum copy_state state;
    uint16_t id;
    uint16_t ids[COPY_IDS]; /* its last ones, of whatever it asked */
    unsigned id_count;
    uint16_t qtype;
    struct seal seal;
    uint64_t since; /* ms: when it began to ask */
    unsigned tries;
    bool again;        /* a NOTIFY came meanwhile */
    struct line *line; /* over TCP */
    LIST_ENTRY(copy) entry;
    STAILQ_ENTRY(copy) queued;
    struct truth_item *items; /* owned: of a transfer */
    size_t count, room;
    struct alarm due;
    struct alarm patience;
};

struct secondary {
    struct host host;
    struct address address;
    const struct seal_key *key;    /* NULL: it knows no TSIG */
    const struct address *targets; /* proxies that it asks; the play's */
    size_t target_count;
    size_t target;                       /* whom it asks now */
    bool pipelines;                      /* it asks much over one connection */
    bool careless;                       /* it asks for the SOA over TCP, too */
    bool off;                            /* it asks nothing by itself any more */
    unsigned transfers;                  /* under way */
    unsigned most_transfers;             /* at once; 0: any number */
    STAILQ_HEAD(copy_queue, copy) queue; /* those that wait for one to end */
    struct copy *copies;                 /* owned */
    size_t copy_count;
    LIST_HEAD(lines, line) lines;
    LIST_HEAD(doors, door) doors; /* connections to it */
};

void secondary_init(struct secondary *s, unsigned place, const struct seal_key *key);
/* Room for so many copies, which secondary_add then makes. */
void secondary_own(struct secondary *s, size_t count);
void secondary_add(struct secondary *s, struct zone *zone, uint64_t within);
void secondary_fini(struct secondary *s);

/* Its process is killed; what it has on disk stays. */
void secondary_fail(struct secondary *s, bool silent);
void secondary_restart(struct secondary *s);

struct copy *secondary_find(struct secondary *s, const struct paper_name *name);

/* A NOTIFY; the octets of its answer, which stands in its place. 0: none. */
size_t secondary_take(struct secondary *s, uint8_t *octets, size_t len);

/* door.c: who connects to it. */

void door_open(struct secondary *s, struct pipe_end *end);
void door_close_all(struct secondary *s);

/* copy.c: what becomes of one copy. */

void copy_refresh(struct copy *c); /* it is time, or a NOTIFY says so */
void copy_fail(struct copy *c, const char *why);
/* A datagram, or a message of its line, that may be its answer. False: it was not. */
bool copy_take_datagram(struct copy *c, const struct datagram *d);
void copy_take_message(struct copy *c, uint8_t *octets, size_t len);
void copy_fini(struct copy *c);

/* take.c: what an answer that verified says. */

uint32_t take_soa(struct copy *c, struct paper_reader *r); /* its serial */
enum take { TAKE_MORE, TAKE_WHOLE, TAKE_CURRENT, TAKE_BROKEN };
/* One more message of a transfer; with TAKE_WHOLE the copy is the new version. */
enum take take_message(struct copy *c, struct paper_reader *r);

#endif

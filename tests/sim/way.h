/* One leg's way to a server, as proxy/net/upstream.h has it; and those a session keeps. */
#ifndef SIM_WAY_H
#define SIM_WAY_H

#include "instance.h"

struct way {
    struct instance *in;
    enum relay_transport transport;
    struct address to;
    struct address source; /* as the exchange said */
    struct address local;  /* as it is */
    struct flow *flow;     /* NULL: it is kept, or parts */
    struct session *kept;  /* by this one */
    unsigned leg;
    struct shares_owner holder;
    struct slot *slot; /* owned; of a TCP connection that needs one */
    unsigned primary;  /* number of it, plus 1; 0: no slot */
    bool over;         /* its memory goes with the alarm */
    struct tube tube;
    struct alarm alarm;
    LIST_ENTRY(way) entry;      /* in the instance's */
    LIST_ENTRY(way) kept_entry; /* in the session's */
};

LIST_HEAD(kept_ways, way);

struct way *way_open(struct instance *in, const struct exchange_action *action);
void way_adopt(struct way *way, struct flow *flow, const struct exchange_action *action);
int way_send(struct way *way, const struct relay_packet *packet);
void way_pause(struct way *way);
void way_resume(struct way *way);
bool way_is_quiet(const struct way *way);
void way_close(struct way *way);

void way_take(struct instance *in, const struct datagram *d); /* to one of its ports */

/* A session's. */
bool way_keep(struct kept_ways *kept, struct session *session, struct way *way);
struct way *way_borrow(struct kept_ways *kept, const struct exchange_action *action);
void way_close_kept(struct kept_ways *kept);

void way_lose_all(struct instance *in); /* the instance is gone */

#endif

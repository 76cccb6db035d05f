/* One tsig-proxy: the real relay, memory and exchanges on hosts, pipes and alarms of a play, where
 * the program has libuv. proxy/net is the model of each part, by the same names. */
#ifndef SIM_INSTANCE_H
#define SIM_INSTANCE_H

#include "exchange/exchange.h"
#include "exchange/polling.h"
#include "tube.h"

#define INSTANCE_WAYS 256 /* buckets of UDP ports */

struct flow;
struct session;
struct way;

struct instance {
    struct host host;
    struct address address; /* its own */
    unsigned sources;       /* of its connections: the next port */
    bool serves;
    unsigned places; /* for sockets to servers */
    uint64_t began;  /* ms: of its monotonic clock */
    struct config *config;
    struct memory *memory;
    struct desk *desk;
    struct relay *relay;
    struct relay *retired;
    LIST_HEAD(flows, flow) flows;
    struct flows over; /* their memory goes soon */
    size_t flow_count;
    LIST_HEAD(sessions, session) sessions;
    LIST_HEAD(ways, way) ways[INSTANCE_WAYS];
    LIST_HEAD(tcp_ways, way) tcp_ways; /* all that are open, or part */
    unsigned *open;                    /* owned; of these, by number of their primary */
    unsigned way_count;                /* over UDP as well */
    struct alarm turn;
    struct alarm ring;
    struct alarm polling;
    struct alarm retiring;
    size_t most_flows;
    unsigned most_copies; /* that waited for their answer at once */
};

void instance_init(struct instance *in, unsigned place, unsigned places);
/* A configuration that parses; the play fails with what it finds otherwise. */
struct config *instance_parse(const char *text);

void instance_start(struct instance *in, const char *text);
void instance_reload(struct instance *in, const char *text);
/* All memory is lost; with `silent` the host is, too, and nobody is told. */
void instance_crash(struct instance *in, bool silent);
void instance_drain(struct instance *in); /* it tells nobody any more */
void instance_fini(struct instance *in);

struct relay_time instance_now(const struct instance *in);
uint64_t instance_when(const struct instance *in, uint64_t deadline); /* on the play's clock */
void instance_turn(struct instance *in);

/* listener.c */
void listener_take(struct instance *in, const struct datagram *d);

/* teller.c */
void teller_init(struct instance *in);

#endif

/* All workers, each with a thread of its own, as the main thread sees them. The main thread serves
 * nobody; it starts workers, hands them configurations, and sees them off.
 *
 * Happy path: crew_init; for the first configuration as for each later one: crew_prepare does what
 * can fail, crew_start starts the threads that are missing, crew_commit returns when all workers go
 * by it; crew_drain lets what is in flight finish, and when the last worker has ended the main loop
 * runs out; crew_fini.
 *
 * A worker that a reload makes superfluous hands its endpoints to the others, goes on with the
 * connections that it has, and ends when there are none left.
 *
 * Failure: when prepare or start fail, crew_abandon leaves everything as it was. */
#ifndef NET_CREW_H
#define NET_CREW_H

#include "net/member.h"
#include "net/ports.h"

/* One thread's list, that of the main thread. */
struct crew {
    uv_loop_t *loop; /* borrowed: of the main thread */
    struct engine_sink sink;
    struct memory *memory;   /* owned */
    struct ports ports;      /* served now */
    struct member **members; /* owned; those that serve come first */
    unsigned count;
    unsigned serving;
    uv_async_t look; /* a member has ended, or could */
    bool draining;
    /* Of a change that is prepared. */
    struct ports next_ports;
    unsigned next_serving;
};

/* Negative errno. `sink` may be called by any thread. */
int crew_init(struct crew *crew, uv_loop_t *loop, const struct engine_sink *sink,
              const struct config *config);

/* Negative errno, and `*failed` then says which address, if it was one. */
int crew_prepare(struct crew *crew, struct config *config, struct address *failed);
int crew_start(struct crew *crew);
void crew_abandon(struct crew *crew);
void crew_commit(struct crew *crew);

/* A NOTIFY of our own waits for its turn. */
void crew_nudge(struct crew *crew);

/* Do the loops of all that serve turn? To be called now and then: a loop has had CREW_STANDS_MS
 * since the call before, at the least. */
#define CREW_STANDS_MS 10000
bool crew_turns(struct crew *crew, uint64_t now);

/* A second call stops at once. */
void crew_drain(struct crew *crew);

/* Once the loop has run out. */
void crew_fini(struct crew *crew);

#endif

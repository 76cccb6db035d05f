/* TCP between two hosts of a play: octets that come in order, in pieces of any size, after a
 * while; or a reset; or nothing, when the other side has gone without a word. */
#ifndef SIM_PIPE_H
#define SIM_PIPE_H

#include "net.h"

/* Octets that a reader who does not read leaves with the writer before that one is backed up. */
#define PIPE_WINDOW 65536

/* The last three end the connection for this side: it is to be let go then. */
struct pipe_events {
    void (*on_connected)(void *owner); /* of who opened it; may be NULL */
    void (*on_octets)(void *owner, const uint8_t *octets, size_t len);
    void (*on_drained)(void *owner); /* may be NULL */
    void (*on_fin)(void *owner);     /* the other side says no more, but may still listen */
    void (*on_reset)(void *owner);   /* and refused */
};

struct pipe;

struct pipe_end {
    struct pipe *pipe;
    struct host *host;
    const struct pipe_events *events; /* NULL: its owner has let it go */
    void *owner;
    struct address local;
    struct address remote;
    bool paused;
    LIST_ENTRY(pipe_end) entry;
};

void pipe_begin(void);
void pipe_end_all(void); /* all that is left, without a word */

struct pipe_end *pipe_connect(struct host *host, const struct address *from,
                              const struct address *to, const struct pipe_events *events,
                              void *owner);
/* Of an end that was just given to on_connection. */
void pipe_adopt(struct pipe_end *end, const struct pipe_events *events, void *owner);

void pipe_write(struct pipe_end *end, const uint8_t *octets, size_t len);
size_t pipe_unread(const struct pipe_end *end); /* octets that the other side has not taken */
bool pipe_is_backed_up(const struct pipe_end *end);
bool pipe_is_altered(const struct pipe_end *end); /* by somebody on the way, either way */
void pipe_pause(struct pipe_end *end);
void pipe_resume(struct pipe_end *end);

/* Says no more, but still listens. */
void pipe_fin(struct pipe_end *end);
/* These let it go: no event comes after them. */
void pipe_close(struct pipe_end *end);
void pipe_reset(struct pipe_end *end);

/* The host is no more; with `silent`, nobody on the other side is told. */
void pipe_lose_host(struct host *host, bool silent);

#endif

/* One exchange whose far ends do what a script says and whose memory may run short. Unlike
 * unit/exchange/world.h, on which it is built, it goes along with whatever the exchange wants, and
 * looks at what came of it. */
#ifndef PLAY_H
#define PLAY_H

#include "exchange/world.h"
#include "story.h"

enum play_says {
    PLAY_SIGNED, /* where the leg has a key */
    PLAY_BARE,   /* the next MAC covers it */
};

struct play {
    const char *config;
    const char *from;
    const char *to; /* NULL: WORLD_US */
    enum relay_transport transport;
    const char *key;     /* of the client; NULL: it signs nothing */
    unsigned late;       /* seconds by which the client's clock is behind */
    unsigned unheard;    /* so many copies of each leg get no answer */
    const char *refuses; /* an address that refuses connections */
    void (*ask)(struct support_message *request);
    /* A server's message, of so many; the first is 0. */
    enum play_says (*say)(unsigned turn, const struct support_message *query,
                          struct support_message *out);
    unsigned turns;
    /* What the client has in the end. */
    unsigned replies;
    unsigned records; /* in answer sections */
    unsigned rcode;
};

/* With memory for all the client has what the play says. With less it may have SERVFAIL and nothing
 * else; over UDP nothing at all; or over TCP nothing or a part, and the connection is reset.
 * Whatever it has, it can verify; but the SERVFAIL for a TSIG that could not be verified is
 * unsigned. */
void play_tell(const struct play *play);

#endif

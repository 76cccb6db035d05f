/* The two-octet length prefix of DNS over TCP (RFC 1035 section 4.2.2, RFC 7766 section 8),
 * assembled incrementally. Octets are read into a room that is lent for one read and may serve many
 * connections; messages are handed out where they lie. Between two reads a frame buffer holds what
 * is left over and no more. */
#ifndef DNS_FRAME_H
#define DNS_FRAME_H

#include "dns/error.h"
#include "dns/message.h"

#define DNS_FRAME_MAX (2 + DNS_MESSAGE_MAX)

struct dns_frame {
    uint8_t *kept;   /* owned; what is left over, or NULL */
    uint8_t *octets; /* `kept`, or the room */
    size_t start;    /* first octet not yet handed out */
    size_t end;      /* after the last octet received */
    size_t limit;    /* octets a message may have; 0: DNS_MESSAGE_MAX */
};

/* A zeroed struct is an empty buffer; dns_frame_fini releases what it holds and leaves it so. */
void dns_frame_fini(struct dns_frame *f);

/* Lends a room of DNS_FRAME_MAX octets or more, and says where the next octets from the network go:
 * behind what is left over, so that they fill `want` octets, or those of one message. Only when
 * nothing is in a room and dns_frame_next has nothing more. DNS_ESPACE when a message is announced
 * that is longer than the limit. */
int dns_frame_lend(const struct dns_frame *f, uint8_t *room, size_t want, uint8_t **at,
                   size_t *len) MUST_CHECK;

/* `len` octets, 1 or more, have arrived in the room. */
void dns_frame_filled(struct dns_frame *f, uint8_t *room, size_t len);

/* Hands out the next whole message, valid (and the caller's to alter) until dns_frame_keep; false
 * when there is none yet. A message may be empty. */
bool dns_frame_next(struct dns_frame *f, uint8_t **octets, size_t *len);

/* Keeps what is left over; nothing is in the room any more. DNS_EMEMORY. */
int dns_frame_keep(struct dns_frame *f) MUST_CHECK;

/* The message of this length that was handed out last, and not altered, is the next one again. */
void dns_frame_put_back(struct dns_frame *f, size_t len);

/* Nothing has been received that was not handed out. */
bool dns_frame_is_empty(const struct dns_frame *f);

#endif

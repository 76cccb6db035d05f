/* The two-octet length prefix of DNS over TCP (RFC 1035 section 4.2.2, RFC 7766 section 8),
 * assembled incrementally and in place: octets are read into the buffer's room and messages are
 * handed out where they lie. The buffer grows to the largest message seen and never beyond one
 * frame. */
#ifndef DNS_FRAME_H
#define DNS_FRAME_H

#include "dns/error.h"
#include "dns/message.h"

#define DNS_FRAME_MAX (2 + DNS_MESSAGE_MAX)

struct dns_frame {
    uint8_t *octets; /* owned; NULL until first needed */
    size_t size;
    size_t start; /* first octet not yet handed out */
    size_t end;   /* after the last octet received */
    size_t limit; /* octets a message may have; 0: DNS_MESSAGE_MAX */
};

/* A zeroed struct is an empty buffer; dns_frame_fini releases what it holds and leaves it so. */
void dns_frame_fini(struct dns_frame *f);

/* Where the next octets from the network go, and how many may be put there: at least 1. `want` is
 * the size to have at first (1 to DNS_FRAME_MAX). Only when dns_frame_next has nothing more: what
 * is left is moved to the front, so messages handed out before are gone. DNS_EMEMORY, or DNS_ESPACE
 * when a message is announced that is longer than the limit. */
int dns_frame_room(struct dns_frame *f, size_t want, uint8_t **room, size_t *len) MUST_CHECK;

/* `len` octets have arrived in the room. */
void dns_frame_filled(struct dns_frame *f, size_t len);

/* Hands out the next whole message, valid (and the caller's to alter) until dns_frame_room; false
 * when there is none yet. A message may be empty. */
bool dns_frame_next(struct dns_frame *f, uint8_t **octets, size_t *len);

/* Nothing has been received that was not handed out. */
bool dns_frame_is_empty(const struct dns_frame *f);

#endif

/* Messages that wait for the MAC that covers them (RFC 8945 section 5.3.1), in the order they came.
 * The TSIG stream bounds their number: 99 unsigned ones and the signed one behind them. */
#ifndef EXCHANGE_HOLD_H
#define EXCHANGE_HOLD_H

#include "dns/error.h"
#include "dns/message.h"

/* Zeroed is empty. */
struct hold {
    uint8_t *octets; /* owned: each message behind its length in two octets */
    size_t size;
    size_t end;
    size_t at; /* of the next one to be taken */
};

void hold_fini(struct hold *h);
bool hold_is_empty(const struct hold *h);

/* Keeps a copy. DNS_EMEMORY. */
int hold_add(struct hold *h, const uint8_t *octets, size_t len) MUST_CHECK;

/* Takes the first one out; it stays valid, and may be altered, until hold_add. False when empty. */
bool hold_take(struct hold *h, uint8_t **octets, size_t *len);

#endif

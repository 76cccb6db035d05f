/* A question of our own for a zone's SOA, to a primary that sends no NOTIFYs, and what its answer
 * leads to: a NOTIFY as the primary would have sent it, which is told like any other (M3).
 *
 *   polling_next ─▶ question ─answer─▶ polling_take ─▶ nothing
 *                                                   ─▶ the same question, over TCP
 *                                                   ─▶ a NOTIFY; polling_told once it has begun
 */
#ifndef EXCHANGE_POLLING_H
#define EXCHANGE_POLLING_H

#include "dns/notify.h"
#include "exchange/state.h"

/* What is to be begun with exchange_init: its verdict and request. It stays where it is. */
struct polling {
    struct policy_verdict verdict;
    struct relay_request request;
    uint32_t serial; /* of a NOTIFY */
    uint8_t octets[DNS_NOTIFY_MAX];
};

/* The next question that has its turn; false when there is none. It is under way until
 * polling_ended. */
bool polling_next(struct relay *relay, struct relay_time now, struct polling *out);
/* When polling_next is to be called; LEG_NEVER. */
uint64_t polling_deadline(struct relay *relay, struct relay_time now);

/* A question's answer: true when `out` is to be begun for it. What it says is reported. */
bool polling_take(struct relay *relay, const struct exchange *x, const struct relay_packet *answer,
                  struct relay_time now, struct polling *out);

/* This NOTIFY has begun, so that another with its serial is none. */
void polling_told(struct relay *relay, const struct polling *notify);

/* A question is over, or could not be begun. */
void polling_ended(struct relay *relay, unsigned primary);

#endif

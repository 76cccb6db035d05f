/* Zones whose SOA is asked of primaries that send no NOTIFYs: when, and what they said last.
 *
 * Of each primary with `poll` these are the zones that its secondaries list by name, taken in turn,
 * spread evenly over that many seconds. While a primary does not answer, few questions to it are
 * under way, and what was missed meanwhile is not made up for. Any thread may call, but one alone
 * polls_take_over. */
#ifndef RELAY_POLLS_H
#define RELAY_POLLS_H

#include "config/config.h"

/* Questions to one primary at once. */
#define POLLS_UNDER_WAY 64

enum poll_news {
    POLL_NEWS_NONE,    /* it is not polled, or no longer */
    POLL_NEWS_FIRST,   /* nothing was known before */
    POLL_NEWS_SAME,    /* ... as last time */
    POLL_NEWS_CHANGED, /* also when it was set back */
};

struct polls;

struct polls *polls_new(void); /* NULL: no memory */
void polls_free(struct polls *p);

/* In two phases: what is to be asked under this configuration, which does not change anything yet,
 * and does nothing when it has been done; then the switch, with what is known of primaries and
 * zones that stay. DNS_EMEMORY. */
int polls_prepare(struct polls *p, struct config *config) MUST_CHECK;
void polls_abandon(struct polls *p, const struct config *config); /* fine after the switch */
void polls_take_over(struct polls *p, const struct config *config);

/* The next question that is due (ms): it is under way then, until polls_ended. False: none is. */
bool polls_next(struct polls *p, uint64_t now, unsigned *primary, struct dns_name *zone);
/* One more is under way, beside the one that polls_next gave. */
void polls_again(struct polls *p, unsigned primary);
void polls_ended(struct polls *p, unsigned primary);

/* When polls_next wants to be called; UINT64_MAX when nothing is polled. */
uint64_t polls_deadline(struct polls *p, uint64_t now);

/* What this serial says, and to remember it. */
enum poll_news polls_weigh(struct polls *p, unsigned primary, const struct dns_name *zone,
                           uint32_t serial);
void polls_note(struct polls *p, unsigned primary, const struct dns_name *zone, uint32_t serial);

#endif

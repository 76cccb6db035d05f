/* The turns of fan-outs (M3): for each primary two lines of NOTIFYs that wait, each with a bucket
 * of tokens: `notify_rate` a second for zones that nobody is known to want, ten times that for the
 * others. Under the lock of the notices. */
#ifndef RELAY_NOTICE_LINES_H
#define RELAY_NOTICE_LINES_H

#include "relay/notice.h"

struct notice_lines {
    struct notice_line **items; /* owned, as are they; by number of the primary */
    unsigned count;
    unsigned queued;
    unsigned turn; /* of the line that is looked at first */
    unsigned copies;
    uint64_t now; /* ms: the latest that was told */
};

int notice_lines_reserve(struct notice_lines *lines, unsigned count) MUST_CHECK;
void notice_lines_fini(struct notice_lines *lines);
void notice_lines_set_rate(struct notice_lines *lines, unsigned primary, unsigned rate);

/* Clocks of several threads come in here, so the time may be told a little out of order. */
void notice_lines_see(struct notice_lines *lines, uint64_t now);

void notice_lines_add(struct notice_lines *lines, struct notice *n);
/* Whoever has its turn leaves its line; NULL: nobody. */
struct notice *notice_lines_take(struct notice_lines *lines);
uint64_t notice_lines_deadline(const struct notice_lines *lines);

/* For what is told beside the lines. */
uint64_t notice_lines_turn(const struct notice_lines *lines, unsigned primary);
void notice_lines_take_turn(struct notice_lines *lines, unsigned primary);

#endif

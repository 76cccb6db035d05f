/* sim: fleets in virtual time. One seed decides all that happens in a play. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutant.h"
#include "play.h"
#include "trace.h"

#define MAIN_FOUND 3 /* the status when a planted fault is found */

static void main_print(void)
{
    printf("%" PRIu64 " seeds, %" PRIu64 " steps, %.1f virtual hours, %" PRIu64
           " messages, %" PRIu64 " transfers, %" PRIu64 " answers, %" PRIu64 " NOTIFYs told\n",
           tally.seeds, tally.steps, (double)tally.ms / 3600000, tally.messages, tally.transfers,
           tally.answers, tally.notifies);
    printf("%" PRIu64 " faults, %" PRIu64 " forgeries, %" PRIu64 " reloads, %" PRIu64 " crashes\n",
           tally.faults, tally.forgeries, tally.reloads, tally.crashes);
}

static int main_usage(void)
{
    fprintf(stderr, "usage: sim [--mutant NAME] [--trace] --seed N | --seeds A-B\n");
    return 2;
}

int main(int argc, char **argv)
{
    uint64_t from = 0, to = 0;
    bool shown = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--trace") == 0) {
            shown = true;
        } else if (strcmp(argv[i], "--seed") == 0) {
            from = to = strtoull(value, NULL, 10);
            i++;
        } else if (strcmp(argv[i], "--seeds") == 0 &&
                   sscanf(value, "%" SCNu64 "-%" SCNu64, &from, &to) == 2) {
            i++;
        } else if (strcmp(argv[i], "--mutant") == 0 && mutant_choose(value)) {
            trace_fail_with(MAIN_FOUND);
            i++;
        } else {
            return main_usage();
        }
    }
    uint64_t digest = 0;
    for (uint64_t seed = from; seed <= to; seed++) {
        play_run(seed, shown);
        digest ^= trace_digest() + seed;
    }
    main_print();
    printf("digest %016" PRIx64 "\n", digest);
    return 0;
}

/* sim: fleets in virtual time. One seed decides all that happens in a play. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fleet.h"
#include "mutant.h"
#include "play.h"
#include "trace.h"

#define MAIN_FOUND 3 /* the status of a play with a planted fault that is found */

static int main_usage(void)
{
    fprintf(stderr,
            "usage: sim [--mutant NAME] [--trace] --seeds A-B | --seed N\n"
            "       sim --mutants A-B    each planted fault is found within these seeds\n"
            "       sim --fleet ZONES,SECONDARIES,OF-EACH-ZONE,INSTANCES,NOTIFYS[,moves]\n");
    return 2;
}

static void main_print(void)
{
    printf("%" PRIu64 " seeds, %" PRIu64 " steps, %.1f virtual hours, %" PRIu64
           " messages, %" PRIu64 " transfers, %" PRIu64 " answers, %" PRIu64 " NOTIFYs told\n",
           tally.seeds, tally.steps, (double)tally.ms / 3600000, tally.messages, tally.transfers,
           tally.answers, tally.notifies);
    printf("%" PRIu64 " faults, %" PRIu64 " forgeries, %" PRIu64 " reloads, %" PRIu64 " crashes\n",
           tally.faults, tally.forgeries, tally.reloads, tally.crashes);
}

/* The digest is of all of them. */
static uint64_t main_play(uint64_t from, uint64_t to, bool shown)
{
    uint64_t digest = 0;
    for (uint64_t seed = from; seed <= to; seed++) {
        play_run(seed, shown);
        digest = digest * 31 + trace_digest();
    }
    return digest;
}

/* Each in a process of its own, since the first that is found ends it. */
static int main_try_mutants(uint64_t from, uint64_t to)
{
    int missed = 0;
    for (unsigned i = 1; mutant_name(i); i++) {
        int status = 0;
        printf("%-22s ", mutant_name(i));
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            mutant_choose(mutant_name(i));
            trace_fail_with(MAIN_FOUND);
            main_play(from, to, false);
            printf("was not found\n");
            fflush(stdout);
            _exit(1);
        }
        bool found = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
                     WEXITSTATUS(status) == MAIN_FOUND;
        missed += !found;
    }
    return missed > 0;
}

static int main_fleet(const char *text)
{
    struct fleet f = {.moving = strstr(text, ",moves")};
    bool whole = sscanf(text, "%u,%u,%u,%u,%u", &f.zones, &f.secondaries, &f.group, &f.instances,
                        &f.pace) == 5;
    if (!whole || f.group == 0 || f.secondaries % f.group > 0 || f.zones == 0 || f.pace == 0)
        return main_usage();
    fleet_run(&f);
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t from = 0, to = 0;
    bool shown = false, mutants = false, chosen = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--trace") == 0) {
            shown = true;
            continue;
        }
        i++;
        if (strcmp(argv[i - 1], "--mutant") == 0 && mutant_choose(value)) {
            trace_fail_with(MAIN_FOUND);
            continue;
        }
        if (strcmp(argv[i - 1], "--fleet") == 0)
            return main_fleet(value);
        chosen = true;
        mutants = strcmp(argv[i - 1], "--mutants") == 0;
        if (mutants || strcmp(argv[i - 1], "--seeds") == 0) {
            if (sscanf(value, "%" SCNu64 "-%" SCNu64, &from, &to) != 2)
                return main_usage();
        } else if (strcmp(argv[i - 1], "--seed") == 0) {
            from = to = strtoull(value, NULL, 10);
        } else {
            return main_usage();
        }
    }
    if (!chosen)
        return main_usage();
    if (mutants)
        return main_try_mutants(from, to);
    uint64_t digest = main_play(from, to, shown);
    main_print();
    printf("digest %016" PRIx64 "\n", digest);
    return 0;
}

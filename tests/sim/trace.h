/* What happens, told and counted; and the end of a play that broke a promise. */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of all plays together. */
struct tally {
    uint64_t seeds;
    uint64_t steps;
    uint64_t ms;
    uint64_t messages;  /* that were delivered, over UDP and TCP */
    uint64_t transfers; /* that a secondary has taken */
    uint64_t versions;  /* of these: that were newer */
    uint64_t answers;   /* good ones, of any other kind, to secondaries */
    uint64_t notifies;  /* that reached a secondary, and verified */
    uint64_t faults;    /* losses, copies, delays, cuts, resets, crashes, clocks … */
    uint64_t forgeries;
    uint64_t reloads;
    uint64_t crashes;
};

extern struct tally tally;

void trace_begin(uint64_t seed, bool shown);
/* One thing that happened: a word, who and what. They go into the digest, and to standard output
 * when the play is shown. */
void trace_note(const char *word, uint64_t who, uint64_t what, uint64_t value);
void trace_octets(const uint8_t *octets, size_t len); /* into the digest alone */
uint64_t trace_digest(void);

/* A promise is broken: says so, and ends the program with this status. */
_Noreturn void trace_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void trace_fail_with(int status);

#define TRACE_CHECK(condition, ...)                                                                \
    do {                                                                                           \
        if (!(condition))                                                                          \
            trace_fail(__VA_ARGS__);                                                               \
    } while (0)

#endif

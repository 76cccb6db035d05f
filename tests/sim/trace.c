#include "trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "dice.h"

struct tally tally;

static uint64_t trace_seed, trace_sum;
static bool trace_shown;
static int trace_status = 1;

void trace_begin(uint64_t seed, bool shown)
{
    trace_seed = seed;
    trace_shown = shown;
    trace_sum = seed;
}

/* FNV-1a, eight octets at a step where there are so many. */
void trace_octets(const uint8_t *octets, size_t len)
{
    uint64_t part;
    for (; len >= sizeof part; octets += sizeof part, len -= sizeof part) {
        memcpy(&part, octets, sizeof part);
        trace_sum = (trace_sum ^ part) * 0x100000001b3;
        trace_sum ^= trace_sum >> 29;
    }
    for (; len > 0; octets++, len--)
        trace_sum = (trace_sum ^ *octets) * 0x100000001b3;
}

void trace_note(const char *word, uint64_t who, uint64_t what, uint64_t value)
{
    const uint64_t numbers[] = {clock_now(), who, what, value};
    trace_octets((const uint8_t *)word, strlen(word));
    trace_octets((const uint8_t *)numbers, sizeof numbers);
    if (trace_shown)
        printf("%10" PRIu64 " %-24s %6" PRIu64 " %6" PRIu64 " %10" PRIu64 "\n", clock_now(), word,
               who, what, value);
}

uint64_t trace_digest(void)
{
    return trace_sum;
}

void trace_fail_with(int status)
{
    trace_status = status;
}

void trace_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("seed %" PRIu64 ", at %" PRIu64 " ms: ", trace_seed, clock_now());
    vprintf(format, args);
    printf("\n");
    va_end(args);
    fflush(stdout);
    _exit(trace_status);
}

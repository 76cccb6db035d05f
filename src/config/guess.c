#include "config/guess.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"

static unsigned guess_least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, case aside; words that are no names of ours are far from everything. */
static unsigned guess_distance(const char *a, const char *b)
{
    unsigned row[CONFIG_NAME_MAX + 1];
    size_t width = strlen(b);
    if (width > CONFIG_NAME_MAX || strlen(a) > CONFIG_NAME_MAX)
        return UINT_MAX;
    for (unsigned j = 0; j <= width; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1]; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            unsigned changed = corner + (strncasecmp(&a[i - 1], &b[j - 1], 1) != 0);
            corner = row[j];
            row[j] = guess_least(changed, guess_least(row[j], row[j - 1]) + 1);
        }
    }
    return row[width];
}

void guess_feed(struct guess *guess, const char *candidate)
{
    unsigned d = guess_distance(guess->word, candidate);
    /* Two slips of the finger, fewer in short words, where they would make any other word of it. */
    unsigned most = guess_least(2, (unsigned)strlen(candidate) / 3 + (strlen(candidate) < 3));
    if (d > most || (guess->best && d >= guess->distance))
        return;
    guess->best = candidate;
    guess->distance = d;
}

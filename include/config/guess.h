/* "Did you mean": the nearest of the words that can be meant. */
#ifndef CONFIG_GUESS_H
#define CONFIG_GUESS_H

/* Of words that can be meant, the one that `word` is nearest to; NULL when none is near. Feed all
 * words to one zeroed struct, then read `best`. */
struct guess {
    const char *word;
    const char *best; /* borrowed from the words fed */
    unsigned distance;
};
void guess_feed(struct guess *guess, const char *candidate);

#endif

#include "mutant.h"

#include <stddef.h>
#include <string.h>

static const char *const mutant_names[MUTANTS] = {
    [NO_MUTANT] = "none",
    [BELIEVES_ANY_QUESTION] = "believes-any-question",
    [CLOSES_SOFTLY] = "closes-softly",
    [CONFUSES_CLIENTS] = "confuses-clients",
    [ENDS_EARLY] = "ends-early",
    [FORGETS_SLEEPERS] = "forgets-sleepers",
    [FORGETS_WAITERS] = "forgets-waiters",
    [LEAKS_PLACES] = "leaks-places",
    [RELAYS_BEFORE_MAC] = "relays-before-mac",
    [SIGNS_UNVERIFIED] = "signs-unverified",
    [TELLS_ALL] = "tells-all",
    [TIME_BEFORE_MAC] = "time-before-mac",
    [TOO_MANY_CONNECTIONS] = "too-many-connections",
};

static enum mutant mutant_chosen;

bool mutant_choose(const char *name)
{
    for (unsigned i = 0; i < MUTANTS; i++)
        if (strcmp(mutant_names[i], name) == 0) {
            mutant_chosen = (enum mutant)i;
            return true;
        }
    return false;
}

bool mutant_is(enum mutant mutant)
{
    return mutant_chosen == mutant;
}

const char *mutant_name(unsigned mutant)
{
    return mutant < MUTANTS ? mutant_names[mutant] : NULL;
}

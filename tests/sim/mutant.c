#include "mutant.h"

#include <string.h>

static const char *const mutant_names[MUTANTS] = {
    [NO_MUTANT] = "none",
    [CONFUSES_CLIENTS] = "confuses-clients",
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

const char *mutant_name(enum mutant mutant)
{
    return mutant_names[mutant];
}

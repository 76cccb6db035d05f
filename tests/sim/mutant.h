/* Planted faults, one at a time: what a check of this simulator is worth is shown by the fault that
 * it finds. Most stand where the linker leads calls of the library's functions to (wrap.c). */
#ifndef SIM_MUTANT_H
#define SIM_MUTANT_H

#include <stdbool.h>

enum mutant {
    NO_MUTANT,
    CONFUSES_CLIENTS, /* an answer goes to another client */
    MUTANTS
};

bool mutant_choose(const char *name); /* false: there is none of that name */
bool mutant_is(enum mutant mutant);
const char *mutant_name(enum mutant mutant);

#endif

/* Planted faults, one at a time: what a check of this simulator is worth is shown by the fault that
 * it finds. They stand where the linker leads calls of the library's functions to (wrap.c), so that
 * the library itself knows nothing of them. */
#ifndef SIM_MUTANT_H
#define SIM_MUTANT_H

#include <stdbool.h>

enum mutant {
    NO_MUTANT,
    BELIEVES_ANY_QUESTION, /* an answer to another question is taken */
    CLOSES_SOFTLY,         /* a transfer that broke off is closed as if it were whole */
    CONFUSES_CLIENTS,      /* an answer goes to another client */
    ENDS_EARLY,            /* a transfer, in the middle */
    FORGETS_SLEEPERS,      /* who did not hear a NOTIFY is not told again */
    FORGETS_WAITERS,       /* who waits for something is not woken when it has come about */
    LEAKS_PLACES,          /* at a primary, now and then */
    RELAYS_BEFORE_MAC,     /* a message that no MAC covers yet goes on */
    SIGNS_UNVERIFIED,      /* a wrong MAC is good */
    TELLS_ALL,             /* of a NOTIFY, whatever else is in it */
    TIME_BEFORE_MAC,       /* a wrong time is told before the MAC is looked at */
    TOO_MANY_CONNECTIONS,  /* nobody waits for a place at a primary */
    MUTANTS
};

bool mutant_choose(const char *name); /* false: there is none of that name */
bool mutant_is(enum mutant mutant);
const char *mutant_name(unsigned mutant); /* NULL: they are all told */

#endif

/* OpenSSL's secure heap: memory for secrets that is not swapped out, is in no core dump and is
 * cleansed when it is released. Its size is that of the start; what has no room there is in
 * ordinary memory. */
#ifndef BASE_VAULT_H
#define BASE_VAULT_H

#include "config/config.h"

enum vault {
    VAULT_NONE,     /* secrets are where everything is */
    VAULT_CROWDED,  /* some of them are */
    VAULT_UNLOCKED, /* the kernel locks no more memory for this user */
    VAULT_LOCKED,
};

/* Before anything of OpenSSL's. */
void vault_prepare(void);

/* Once, while this process still has the right to lock memory. The secrets of the configuration
 * move there; those that are read later are there from the beginning, and so is each copy that
 * OpenSSL makes. */
enum vault vault_open(struct config *config);

/* What vault_open will come to, for who only looks. */
enum vault vault_foresee(const struct config *config);

/* Is there room for all that serving by this one may take? */
bool vault_holds(const struct config *config);

/* Octets that serving by it takes at most, for LimitMEMLOCK. */
size_t vault_size(const struct config *config);

#endif

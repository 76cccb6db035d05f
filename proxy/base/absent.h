/* Addresses of the configuration that this host does not have now: they may come later, when it is
 * the standby of another (VRRP, anycast), or be mistaken. */
#ifndef BASE_ABSENT_H
#define BASE_ABSENT_H

#include "config/config.h"

/* Prints what is to be said of them. False when one is to be listened on, and `freebind` does not
 * allow it. */
bool absent_allows(const struct config *config);

/* What may be written behind this error of a listener: a cure, or nothing. */
const char *absent_cure(int error);

#endif

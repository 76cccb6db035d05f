/* Addresses of the configuration that this host does not have now: they may come later, when it is
 * the standby of another (VRRP, anycast), or be mistaken. */
#ifndef BASE_ABSENT_H
#define BASE_ABSENT_H

#include "admin/status.h"
#include "config/config.h"

/* Prints what is to be said of them. False when one is to be listened on, and `freebind` does not
 * allow it. */
bool absent_allows(const struct config *config);

/* Those that are listened on or spoken from, wildcards aside, each once; returns how many. In
 * transparent mode there are none. More than this are not looked at. */
#define ABSENT_MOST 256
size_t absent_list(const struct config *config, struct own_address out[ABSENT_MOST]);

/* What may be written behind this error of a listener: a cure, or nothing. */
const char *absent_cure(int error);

#endif

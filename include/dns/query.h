/* Requests written: a header and one question of class IN. */
#ifndef DNS_QUERY_H
#define DNS_QUERY_H

#include "dns/message.h"

/* Header and question, with OPT: no query that is written here is larger. */
#define DNS_QUERY_MAX (DNS_HEADER_SIZE + DNS_NAME_MAX + 4 + 11)

/* Into an empty writer. With an OPT record of this payload size unless it is 0. */
void dns_query_write(struct dns_writer *w, const struct dns_name *name, uint16_t type,
                     uint16_t payload);

#endif

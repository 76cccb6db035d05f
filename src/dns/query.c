#include "dns/query.h"

#include "dns/opt.h"

void dns_query_write(struct dns_writer *w, const struct dns_name *name, uint16_t type,
                     uint16_t payload)
{
    dns_wire_put_u16(w, 0); /* the ID is the sender's */
    dns_wire_put_u16(w, 0);
    dns_wire_put_u16(w, 1);
    dns_wire_put_u16(w, 0);
    dns_wire_put_u16(w, 0);
    dns_wire_put_u16(w, payload ? 1 : 0);
    dns_name_write(w, name);
    dns_wire_put_u16(w, type);
    dns_wire_put_u16(w, DNS_CLASS_IN);
    if (payload)
        dns_opt_write(w, payload, 0, DNS_EDE_NONE, NULL);
}

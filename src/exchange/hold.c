#include "exchange/hold.h"

#include <stdlib.h>
#include <string.h>

void hold_fini(struct hold *h)
{
    free(h->octets);
    *h = (struct hold){0};
}

bool hold_is_empty(const struct hold *h)
{
    return h->at == h->end;
}

int hold_add(struct hold *h, const uint8_t *octets, size_t len)
{
    size_t need = h->end + 2 + len;
    if (need > h->size) {
        size_t size = need > 2 * h->size ? need : 2 * h->size;
        uint8_t *larger = realloc(h->octets, size);
        if (!larger)
            return DNS_EMEMORY;
        h->octets = larger;
        h->size = size;
    }
    dns_wire_set_u16_at(h->octets + h->end, (uint16_t)len);
    memcpy(h->octets + h->end + 2, octets, len);
    h->end = need;
    return 0;
}

bool hold_take(struct hold *h, uint8_t **octets, size_t *len)
{
    if (hold_is_empty(h)) {
        h->at = h->end = 0;
        return false;
    }
    *len = dns_wire_u16_at(h->octets + h->at);
    *octets = h->octets + h->at + 2;
    h->at += 2 + *len;
    return true;
}

#include "relay/proxied.h"

#include <assert.h>
#include <string.h>

#include "dns/wire.h"

static const uint8_t proxied_signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                              0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

#define PROXIED_COMMAND_AT 12 /* and the version before it */
#define PROXIED_FAMILY_AT  13 /* and the transport behind it */
#define PROXIED_LENGTH_AT  14

#define PROXIED_COMMAND_LOCAL 0x20
#define PROXIED_COMMAND_PROXY 0x21
#define PROXIED_TCP_IPV4      0x11
#define PROXIED_TCP_IPV6      0x21

static size_t proxied_rest(const struct proxied *p)
{
    return dns_wire_u16_at(p->octets + PROXIED_LENGTH_AT);
}

/* Octets of an address; 0: none that is taken. */
static size_t proxied_host_size(const struct proxied *p)
{
    switch (p->octets[PROXIED_FAMILY_AT]) {
    case PROXIED_TCP_IPV4:
        return 4;
    case PROXIED_TCP_IPV6:
        return 16;
    default:
        return 0;
    }
}

size_t proxied_wants(const struct proxied *p)
{
    if (p->len < PROXIED_BEGIN)
        return PROXIED_BEGIN - p->len;
    return PROXIED_BEGIN + proxied_rest(p) - p->len;
}

/* As soon as its beginning is there. */
static bool proxied_is_sound(const struct proxied *p)
{
    size_t host = proxied_host_size(p);
    if (proxied_rest(p) > PROXIED_MOST)
        return false;
    if (p->octets[PROXIED_COMMAND_AT] == PROXIED_COMMAND_LOCAL)
        return true;
    /* Two hosts and their ports. */
    return p->octets[PROXIED_COMMAND_AT] == PROXIED_COMMAND_PROXY && host > 0 &&
           proxied_rest(p) >= 2 * (host + 2);
}

enum proxied_state proxied_take(struct proxied *p, const uint8_t *octets, size_t len)
{
    assert(len <= proxied_wants(p));
    if (len > 0 && p->len < PROXIED_KEPT)
        memcpy(p->octets + p->len, octets,
               len < PROXIED_KEPT - p->len ? len : PROXIED_KEPT - p->len);
    p->len += len;
    size_t same = p->len < sizeof proxied_signature ? p->len : sizeof proxied_signature;
    if (memcmp(p->octets, proxied_signature, same) != 0)
        return PROXIED_NONE;
    if (p->len < PROXIED_BEGIN)
        return PROXIED_MORE;
    if (!proxied_is_sound(p))
        return PROXIED_MALFORMED;
    if (proxied_wants(p) > 0)
        return PROXIED_MORE;
    return p->octets[PROXIED_COMMAND_AT] == PROXIED_COMMAND_LOCAL ? PROXIED_ITSELF : PROXIED_CLIENT;
}

struct address proxied_source(const struct proxied *p)
{
    size_t host = proxied_host_size(p);
    const uint8_t *source = p->octets + PROXIED_BEGIN;
    assert(host > 0 && p->len >= PROXIED_BEGIN + 2 * (host + 2));
    return address_from_octets(host == 4 ? ADDRESS_IPV4 : ADDRESS_IPV6, source,
                               dns_wire_u16_at(source + 2 * host));
}

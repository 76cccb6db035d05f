/* Texts of addresses and prefixes go through inet_pton for the host, with our own reading of what
 * may stand around it: a zone index, a port, a length. Nothing is guessed: what is not written in
 * full is refused. */
#include "config/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static size_t address_octet_count(enum address_family family)
{
    return family == ADDRESS_IPV4 ? 4 : 16;
}

struct address address_from_octets(enum address_family family, const uint8_t *octets, uint16_t port)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 section 2.5.5.2 */
    struct address out = {.family = family, .port = port};
    if (family == ADDRESS_IPV6 && memcmp(octets, mapped, sizeof mapped) == 0) {
        out.family = ADDRESS_IPV4;
        octets += sizeof mapped;
    }
    memcpy(out.octets, octets, address_octet_count(out.family));
    return out;
}

struct address address_loopback(enum address_family family, uint16_t port)
{
    static const uint8_t ipv4[] = {127, 0, 0, 1};
    static const uint8_t ipv6[] = {[15] = 1};
    return address_from_octets(family, family == ADDRESS_IPV4 ? ipv4 : ipv6, port);
}

/* Decimal digits alone, so that signs, spaces and hexadecimal are refused. */
static int address_parse_number(const char *text, uint32_t most, uint32_t *out)
{
    uint64_t value = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint64_t)(*p - '0');
        if (value > most)
            return DNS_EFORMAT;
    }
    if (p == text || *p)
        return DNS_EFORMAT;
    *out = (uint32_t)value;
    return 0;
}

/* Cuts `text` at `mark` and reads the number behind it, if the mark is there. */
static int address_take_number(char *text, char mark, uint32_t most, uint32_t *out)
{
    char *at = strchr(text, mark);
    if (!at)
        return 0;
    *at = '\0';
    return address_parse_number(at + 1, most, out);
}

static int address_parse_host(const char *text, struct address *out)
{
    uint8_t octets[16];
    if (inet_pton(AF_INET, text, octets) == 1)
        *out = address_from_octets(ADDRESS_IPV4, octets, 0);
    else if (inet_pton(AF_INET6, text, octets) == 1)
        *out = address_from_octets(ADDRESS_IPV6, octets, 0);
    else
        return DNS_EFORMAT;
    return 0;
}

int address_from_text(const char *text, uint16_t default_port, struct address *out)
{
    char buffer[ADDRESS_TEXT_SIZE];
    if ((size_t)snprintf(buffer, sizeof buffer, "%s", text) >= sizeof buffer)
        return DNS_EFORMAT;
    uint32_t port = default_port;
    if (address_take_number(buffer, '@', UINT16_MAX, &port) < 0 || (port == 0 && strchr(text, '@')))
        return DNS_EFORMAT;
    uint32_t scope = 0;
    struct address a;
    if (address_take_number(buffer, '%', UINT32_MAX, &scope) < 0 ||
        address_parse_host(buffer, &a) < 0)
        return DNS_EFORMAT;
    if (strchr(text, '%') && a.family != ADDRESS_IPV6)
        return DNS_EFORMAT;
    a.port = (uint16_t)port;
    a.scope = scope;
    *out = a;
    return 0;
}

char *address_to_text(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    if (a->family == ADDRESS_NONE) {
        *out = '\0';
        return out;
    }
    char host[INET6_ADDRSTRLEN] = "";
    inet_ntop(a->family == ADDRESS_IPV4 ? AF_INET : AF_INET6, a->octets, host, sizeof host);
    char scope[12] = "";
    if (a->scope != 0)
        snprintf(scope, sizeof scope, "%%%u", (unsigned)a->scope);
    char port[7] = "";
    if (a->port != 0)
        snprintf(port, sizeof port, "@%u", (unsigned)a->port);
    snprintf(out, ADDRESS_TEXT_SIZE, "%s%s%s", host, scope, port);
    return out;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->port == b->port && address_same_host(a, b);
}

bool address_same_host(const struct address *a, const struct address *b)
{
    /* A zone index is compared only where both sides know one: configurations mostly do not. */
    if (a->scope != 0 && b->scope != 0 && a->scope != b->scope)
        return false;
    return a->family == b->family &&
           memcmp(a->octets, b->octets, address_octet_count(a->family)) == 0;
}

bool address_is_any(const struct address *a)
{
    static const uint8_t zeros[16];
    return a->family != ADDRESS_NONE &&
           memcmp(a->octets, zeros, address_octet_count(a->family)) == 0;
}

bool address_is_loopback(const struct address *a)
{
    if (a->family == ADDRESS_IPV4)
        return a->octets[0] == 127; /* RFC 1122 section 3.2.1.3 */
    struct address loopback = address_loopback(ADDRESS_IPV6, 0);
    return address_same_host(a, &loopback);
}

bool address_covers(const struct address *listener, const struct address *local)
{
    if (listener->family != local->family || listener->port != local->port)
        return false;
    return address_is_any(listener) || address_same_host(listener, local);
}

/* True if the first `bits` bits are equal. */
static bool address_same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static bool address_has_bits_past(const struct address *a, unsigned length)
{
    unsigned width = (unsigned)address_octet_count(a->family) * 8;
    for (unsigned bit = length; bit < width; bit++)
        if (a->octets[bit / 8] & (0x80 >> (bit % 8)))
            return true;
    return false;
}

int prefix_from_text(const char *text, struct prefix *out)
{
    char buffer[ADDRESS_TEXT_SIZE];
    if ((size_t)snprintf(buffer, sizeof buffer, "%s", text) >= sizeof buffer)
        return DNS_EFORMAT;
    uint32_t width = strchr(buffer, ':') ? 128 : 32;
    uint32_t length = width;
    struct address a;
    if (address_take_number(buffer, '/', width, &length) < 0 || address_parse_host(buffer, &a) < 0)
        return DNS_EFORMAT;
    if (width == 128 && a.family == ADDRESS_IPV4) {
        /* An IPv4-mapped prefix; one shorter than the mapping itself has bits past its length. */
        if (length < 96)
            return DNS_EFORMAT;
        length -= 96;
    }
    if (address_has_bits_past(&a, length))
        return DNS_EFORMAT;
    *out = (struct prefix){.address = a, .length = (uint8_t)length};
    return 0;
}

struct address address_network(const struct address *a, unsigned length)
{
    struct address network = {.family = a->family};
    memcpy(network.octets, a->octets, length / 8);
    if (length % 8 > 0)
        network.octets[length / 8] = a->octets[length / 8] & (uint8_t)(0xff << (8 - length % 8));
    return network;
}

bool prefix_contains(const struct prefix *p, const struct address *a)
{
    return p->address.family == a->family && a->family != ADDRESS_NONE &&
           address_same_bits(p->address.octets, a->octets, p->length);
}

bool prefix_list_contains(const struct prefix_list *list, const struct address *a)
{
    for (size_t i = 0; i < list->count; i++)
        if (prefix_contains(&list->items[i], a))
            return true;
    return false;
}

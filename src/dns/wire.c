#include "dns/wire.h"

#include <string.h>

struct dns_reader dns_wire_reader(const uint8_t *octets, size_t len)
{
    return (struct dns_reader){.octets = octets, .len = len};
}

struct dns_writer dns_wire_writer(uint8_t *octets, size_t size)
{
    return (struct dns_writer){.octets = octets, .size = size};
}

const uint8_t *dns_wire_get_octets(struct dns_reader *r, size_t len)
{
    if (r->failed || len > r->len - r->at) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *octets = r->octets + r->at;
    r->at += len;
    return octets;
}

static uint64_t wire_get(struct dns_reader *r, size_t len)
{
    const uint8_t *octets = dns_wire_get_octets(r, len);
    uint64_t value = 0;
    for (size_t i = 0; octets && i < len; i++)
        value = value << 8 | octets[i];
    return value;
}

uint8_t dns_wire_get_u8(struct dns_reader *r)
{
    return (uint8_t)wire_get(r, 1);
}

uint16_t dns_wire_get_u16(struct dns_reader *r)
{
    return (uint16_t)wire_get(r, 2);
}

uint32_t dns_wire_get_u32(struct dns_reader *r)
{
    return (uint32_t)wire_get(r, 4);
}

uint64_t dns_wire_get_u48(struct dns_reader *r)
{
    return wire_get(r, 6);
}

/* The next `len` octets of room; NULL if there are fewer. */
static uint8_t *wire_take(struct dns_writer *w, size_t len)
{
    if (w->failed || len > w->size - w->at) {
        w->failed = true;
        return NULL;
    }
    uint8_t *octets = w->octets + w->at;
    w->at += len;
    return octets;
}

static void wire_put(struct dns_writer *w, uint64_t value, size_t len)
{
    uint8_t *octets = wire_take(w, len);
    for (size_t i = len; octets && i > 0; i--) {
        octets[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

void dns_wire_put_u8(struct dns_writer *w, uint8_t value)
{
    wire_put(w, value, 1);
}

void dns_wire_put_u16(struct dns_writer *w, uint16_t value)
{
    wire_put(w, value, 2);
}

void dns_wire_put_u32(struct dns_writer *w, uint32_t value)
{
    wire_put(w, value, 4);
}

void dns_wire_put_u48(struct dns_writer *w, uint64_t value)
{
    wire_put(w, value, 6);
}

void dns_wire_put_octets(struct dns_writer *w, const uint8_t *octets, size_t len)
{
    uint8_t *to = wire_take(w, len);
    if (to && len > 0)
        memcpy(to, octets, len);
}

uint64_t dns_wire_hash(uint64_t hash, const uint8_t *octets, size_t len)
{
    const uint64_t factor = 0x9e3779b97f4a7c15;
    hash += len;
    while (len > 0) {
        uint64_t word = 0;
        size_t step = len < sizeof word ? len : sizeof word;
        memcpy(&word, octets, step);
        hash = (hash ^ word) * factor;
        hash ^= hash >> 32;
        octets += step;
        len -= step;
    }
    return hash;
}

/* A bounded reader and a bounded writer over octets (RFC 1035 section 2.3.2: big-endian).
 *
 * Both have a sticky error: once an access would leave the buffer, `failed` is set, reads yield 0
 * or NULL, writes do nothing, and the caller looks at `failed` once at the end. */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_reader {
    const uint8_t *octets; /* borrowed */
    size_t len;
    size_t at; /* never above len */
    bool failed;
};

struct dns_writer {
    uint8_t *octets; /* borrowed */
    size_t size;
    size_t at; /* octets written; never above size */
    bool failed;
};

struct dns_reader dns_wire_reader(const uint8_t *octets, size_t len);
struct dns_writer dns_wire_writer(uint8_t *octets, size_t size);

uint8_t dns_wire_get_u8(struct dns_reader *r);
uint16_t dns_wire_get_u16(struct dns_reader *r);
uint32_t dns_wire_get_u32(struct dns_reader *r);
uint64_t dns_wire_get_u48(struct dns_reader *r);
/* The next `len` octets, in place; NULL if there are fewer. */
const uint8_t *dns_wire_get_octets(struct dns_reader *r, size_t len);

void dns_wire_put_u8(struct dns_writer *w, uint8_t value);
void dns_wire_put_u16(struct dns_writer *w, uint16_t value);
void dns_wire_put_u32(struct dns_writer *w, uint32_t value);
void dns_wire_put_u48(struct dns_writer *w, uint64_t value);
void dns_wire_put_octets(struct dns_writer *w, const uint8_t *octets, size_t len);

/* For tables; eight octets at a step. `hash` is what came before them, or anything. A stranger can
 * foresee it. */
uint64_t dns_wire_hash(uint64_t hash, const uint8_t *octets, size_t len);

/* Unchecked access to two octets that the caller knows to exist. */
static inline uint16_t dns_wire_u16_at(const uint8_t *octets)
{
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

static inline void dns_wire_set_u16_at(uint8_t *octets, uint16_t value)
{
    octets[0] = (uint8_t)(value >> 8);
    octets[1] = (uint8_t)value;
}

#endif

#include "zone.h"

#include <stdlib.h>
#include <string.h>

#include "net.h"
#include "sign.h"

#define ZONE_RECORD 25  /* octets */
#define ZONE_REST   104 /* header, question and two SOA records take 102 */
#define ZONE_DIGITS 7

static size_t zone_begin(uint8_t *octets, size_t most)
{
    return sign_question(octets, most, DNS_FLAG_QR | DNS_FLAG_AA, ZONE_NAME, DNS_TYPE_AXFR);
}

/* The owner is one label before the zone's name, as most are. */
static void zone_put_record(uint8_t *octets, size_t number)
{
    static const uint8_t rest[] = {0xc0, DNS_HEADER_SIZE, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2,
                                   1};
    octets[0] = ZONE_DIGITS + 1;
    octets[1] = 'h';
    for (size_t i = ZONE_DIGITS + 1; i > 1; i--, number /= 10)
        octets[i] = (uint8_t)('0' + number % 10);
    memcpy(octets + ZONE_DIGITS + 2, rest, sizeof rest);
}

static void zone_count_record(uint8_t *octets)
{
    uint8_t *count = octets + DNS_COUNTS_AT + 2;
    dns_wire_set_u16_at(count, (uint16_t)(dns_wire_u16_at(count) + 1));
}

void zone_make(struct zone *zone, size_t records, size_t most, uint32_t serial)
{
    size_t each = (most - ZONE_REST) / ZONE_RECORD, done = 0;
    net_must(most > ZONE_REST + ZONE_RECORD && most <= UINT16_MAX, "a message's size");
    zone->count = (records + each - 1) / each;
    zone->octets = malloc(zone->count * most);
    zone->messages = calloc(zone->count, sizeof *zone->messages);
    net_must(zone->octets && zone->messages, "malloc");
    uint8_t *octets = zone->octets;
    for (size_t i = 0; i < zone->count; i++) {
        size_t len = zone_begin(octets, most);
        if (i == 0)
            len = sign_soa(octets, len, most, serial);
        for (size_t k = 0; k < each && done < records; k++, len += ZONE_RECORD) {
            zone_put_record(octets + len, done++);
            zone_count_record(octets);
        }
        if (i == zone->count - 1)
            len = sign_soa(octets, len, most, serial);
        zone->messages[i] = (struct zone_message){octets, len};
        zone->size += len + 2;
        octets += len;
    }
    net_must(done == records, "a zone in its messages");
}

void zone_free(struct zone *zone)
{
    free(zone->messages);
    free(zone->octets);
}

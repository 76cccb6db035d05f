/* A zone as the messages of its transfer, made ahead of time. */
#ifndef ZONE_H
#define ZONE_H

#include <stddef.h>
#include <stdint.h>

#define ZONE_NAME "zone.example"

struct zone_message {
    uint8_t *octets;
    size_t len;
};

struct zone {
    uint8_t *octets;
    struct zone_message *messages;
    size_t count, size; /* messages; octets with their frames */
};

/* So many A records, each of a name of its own, between two SOA records, in messages of at most
 * `most` octets. */
void zone_make(struct zone *zone, size_t records, size_t most, uint32_t serial);
void zone_free(struct zone *zone);

#endif

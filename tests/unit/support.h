/* Builds DNS messages for tests, from text names. Sections are filled in order; counts are kept. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include "dns/message.h"

struct support_message {
    size_t len;
    uint8_t octets[DNS_MESSAGE_MAX];
};

struct support_record {
    enum dns_section section;
    const char *name; /* NULL: no labels; then `pointer` alone, or the root */
    uint16_t pointer; /* offset that a pointer after the labels goes to; 0: no pointer */
    uint16_t type;
    uint16_t rclass; /* 0 means IN */
    uint32_t ttl;
    const void *rdata;
    uint16_t rdata_len;
};

/* Starts the message anew with this header and no records. */
void support_header(struct support_message *s, uint16_t id, uint16_t flags);

/* Adds a question of class IN. */
void support_question(struct support_message *s, const char *name, uint16_t type);

/* Adds a record; returns its offset. */
size_t support_add(struct support_message *s, const struct support_record *record);

/* Adds an SOA record with names ns.<name> and hostmaster.<name>, uncompressed. */
size_t support_soa(struct support_message *s, enum dns_section section, const char *name,
                   uint32_t serial);

/* Adds an A record with TTL 3600. */
size_t support_a(struct support_message *s, enum dns_section section, const char *name);

/* Adds an OPT record with these raw options (NULL and 0: none) to additional. */
size_t support_opt(struct support_message *s, uint16_t payload, const void *options, uint16_t len);

/* The parse of the message; the test fails when it does not parse. */
struct dns_message support_parse(const struct support_message *s);

/* The name; the test fails when the text is no name. */
struct dns_name support_name(const char *text);

#endif

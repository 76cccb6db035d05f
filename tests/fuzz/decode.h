/* A second opinion on what records say, made without the library's reading of names: two messages
 * say the same when their records decode to the same octets. */
#ifndef DECODE_H
#define DECODE_H

#include "dns/message.h"

#define DECODE_REACH 0x4000 /* of a pointer */

/* How to decode, and what was found. */
struct decode {
    bool stray;  /* a pointer goes to where no name stands */
    bool failed; /* a name in RDATA is none */
    uint8_t
        places[DNS_MESSAGE_MAX / 8 + 1]; /* a bit for each octet where a label of a name stands */
};

/* Appends the record with its names whole and in their letter case; the length of its RDATA comes
 * last. Names in the RDATA of the types that may have compressed ones are made whole too. */
void decode_record(struct decode *d, const struct dns_message *m, const struct dns_record *rr,
                   struct dns_writer *w);

/* Appends all records of a section, OPT left out. */
void decode_section(struct decode *d, const struct dns_message *m, enum dns_section section,
                    struct dns_writer *w);

/* Appends all questions. */
void decode_questions(struct decode *d, const struct dns_message *m, struct dns_writer *w);

#endif

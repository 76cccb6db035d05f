/* Keys, and octets written as hexadecimal text, for the tests of TSIG. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "support.h"
#include "tsig/mac.h"
#include "tsig/record.h"

struct fixture {
    struct tsig_key key;
    struct tsig_mac mac;
};

/* A key whose secret is `len` octets; fixture_fini releases it. */
void fixture_init(struct fixture *f, const char *name, const char *algorithm, const void *secret,
                  size_t len);
void fixture_fini(struct fixture *f);

/* The message that the text stands for. */
void fixture_message(struct support_message *s, const char *hex);

/* Appends a record as it is given, right or wrong. */
void fixture_append(struct support_message *s, const struct tsig_record *record);

/* The message's TSIG; the test fails when there is none or it does not decode. */
struct tsig_record fixture_record(const struct dns_message *m);

#endif

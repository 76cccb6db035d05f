#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

void fixture_init(struct fixture *f, const char *name, const char *algorithm, const void *secret,
                  size_t len)
{
    struct dns_name key_name = support_name(name);

    cr_assert_eq(tsig_key_init(&f->key, &key_name, tsig_algorithm_by_text(algorithm), secret, len),
                 0);
    cr_assert_eq(tsig_mac_init(&f->mac, &f->key), 0);
}

void fixture_fini(struct fixture *f)
{
    tsig_mac_fini(&f->mac);
    tsig_key_fini(&f->key);
}

void fixture_message(struct support_message *s, const char *hex)
{
    s->len = strlen(hex) / 2;
    for (size_t i = 0; i < s->len; i++)
        cr_assert_eq(sscanf(hex + 2 * i, "%2hhx", &s->octets[i]), 1);
}

void fixture_append(struct support_message *s, const struct tsig_record *record)
{
    struct dns_writer w = dns_wire_writer(s->octets, sizeof(s->octets));

    w.at = s->len;
    tsig_record_encode(record, &w);
    cr_assert_not(w.failed);
    s->len = w.at;
    dns_wire_set_u16_at(s->octets + DNS_ARCOUNT_AT,
                        (uint16_t)(dns_wire_u16_at(s->octets + DNS_ARCOUNT_AT) + 1));
}

struct tsig_record fixture_record(const struct dns_message *m)
{
    struct tsig_record record;

    cr_assert_eq(m->tsig_place, DNS_TSIG_LAST);
    cr_assert_eq(tsig_record_decode(m, &record), 0);
    return record;
}

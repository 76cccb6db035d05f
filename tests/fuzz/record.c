/* A TSIG record is decoded, written again, and decoded again: nothing may change but compression.
 *
 * Input: a message. */
#include "tsig/record.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static bool same_octets(const uint8_t *a, const uint8_t *b, size_t len)
{
    return len == 0 || memcmp(a, b, len) == 0;
}

static void check_same(const struct tsig_record *a, const struct tsig_record *b)
{
    FUZZ_CHECK(a->key_name.len == b->key_name.len && a->algorithm.len == b->algorithm.len);
    FUZZ_CHECK(same_octets(a->key_name.octets, b->key_name.octets, a->key_name.len));
    FUZZ_CHECK(same_octets(a->algorithm.octets, b->algorithm.octets, a->algorithm.len));
    FUZZ_CHECK(a->time_signed == b->time_signed && a->fudge == b->fudge);
    FUZZ_CHECK(a->original_id == b->original_id && a->error == b->error);
    FUZZ_CHECK(a->mac_len == b->mac_len && same_octets(a->mac, b->mac, a->mac_len));
    FUZZ_CHECK(a->other_len == b->other_len && same_octets(a->other, b->other, a->other_len));
}

static void write_again(const struct dns_message *m, const struct tsig_record *record)
{
    size_t size = m->tsig_at + tsig_record_size(record);
    size_t at = m->tsig_at;
    struct dns_record rr;
    uint8_t *octets = malloc(size);
    struct dns_writer w = dns_wire_writer(octets, size);
    struct dns_message again;
    struct tsig_record found;

    FUZZ_CHECK(octets != NULL);
    dns_message_record(m, &at, &rr);
    FUZZ_CHECK(tsig_record_size(record) == record->key_name.len + 10U + rr.rdata_len);
    dns_wire_put_octets(&w, m->octets, m->tsig_at);
    tsig_record_encode(record, &w);
    FUZZ_CHECK(!w.failed && w.at == size);
    FUZZ_CHECK(dns_message_parse(octets, size, &again) == 0);
    FUZZ_CHECK(again.tsig_place == DNS_TSIG_LAST && again.tsig_at == m->tsig_at);
    FUZZ_CHECK(tsig_record_decode(&again, &found) == 0);
    check_same(record, &found);
    free(octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    uint8_t *copy = fuzz_copy(octets, len);
    struct dns_message m;
    struct tsig_record record;

    if (dns_message_parse(copy, len, &m) == 0 && m.tsig_place == DNS_TSIG_LAST &&
        tsig_record_decode(&m, &record) == 0)
        write_again(&m, &record);
    free(copy);
    return 0;
}

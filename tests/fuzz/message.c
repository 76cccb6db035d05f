/* A message is parsed, walked, and altered in every way it may be altered on its way through.
 *
 * Input: two octets, the size it is cut to; the message. */
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "dns/opt.h"
#include "dns/truncate.h"
#include "fuzz.h"

#define SAID_MAX (1 << 20)

static uint8_t said[SAID_MAX], said_after[SAID_MAX];

static void walk(const struct dns_message *m)
{
    size_t at = m->start[DNS_ANSWER];
    struct dns_message soas = {.soas = 0};

    for (enum dns_section s = DNS_ANSWER; s < DNS_SECTIONS; s++) {
        FUZZ_CHECK(at == m->start[s]);
        for (unsigned i = 0; i < m->count[s]; i++) {
            struct dns_record rr;

            dns_message_record(m, &at, &rr);
            FUZZ_CHECK(rr.at < rr.rdata_at && rr.rdata_at + rr.rdata_len == rr.end && rr.end == at);
            if (s == DNS_ANSWER && rr.type == DNS_TYPE_SOA && soas.soas++ == 0) {
                soas.soa_at = rr.at;
                soas.soa_before = (uint16_t)i;
            }
        }
    }
    FUZZ_CHECK(at == m->len && m->start[DNS_SECTIONS] == m->len);
    FUZZ_CHECK(soas.soas == m->soas && soas.soa_before == m->soa_before);
    FUZZ_CHECK(soas.soa_at == m->soa_at);
    FUZZ_CHECK(dns_message_same_question(m, m) == (m->count[DNS_QUESTION] > 0));
}

/* What is known of an altered message is what a new parse finds. */
static void check_parse(const struct dns_message *m)
{
    struct dns_message found;

    FUZZ_CHECK(dns_message_parse(m->octets, m->len, &found) == 0);
    FUZZ_CHECK(found.id == m->id && found.flags == m->flags);
    FUZZ_CHECK(memcmp(found.count, m->count, sizeof(found.count)) == 0);
    FUZZ_CHECK(memcmp(found.start, m->start, sizeof(found.start)) == 0);
    FUZZ_CHECK(found.soas == m->soas && found.soa_before == m->soa_before);
    FUZZ_CHECK(found.soa_at == m->soa_at);
    FUZZ_CHECK(found.opt_at == m->opt_at && found.opt_len == m->opt_len);
    FUZZ_CHECK(found.opt_payload == m->opt_payload && found.sig0 == m->sig0);
    FUZZ_CHECK(found.tsig_place == m->tsig_place && found.tsig_at == m->tsig_at);
}

/* All but OPT. */
static size_t say(struct decode *d, const struct dns_message *m, uint8_t out[SAID_MAX])
{
    struct dns_writer w = dns_wire_writer(out, SAID_MAX);

    decode_questions(d, m, &w);
    for (enum dns_section s = DNS_ANSWER; s < DNS_SECTIONS; s++)
        decode_section(d, m, s, &w);
    d->failed |= w.failed;
    return w.at;
}

/* Taking options or OPT out leaves all other records as they are. It may fail only when a pointer
 * goes to what is no name. */
static void check_opt(const struct dns_message *before, const struct dns_message *after, int error)
{
    struct decode d = {0}, d_after = {0};
    size_t len = say(&d, before, said);

    if (d.failed || d.stray)
        return;
    FUZZ_CHECK(error == 0);
    check_parse(after);
    FUZZ_CHECK(say(&d_after, after, said_after) == len && !d_after.failed && !d_after.stray);
    FUZZ_CHECK(memcmp(said, said_after, len) == 0);
}

enum edit { REMOVE_HOP, REMOVE_HOP_AND_COOKIE, SET_PAYLOAD, REMOVE, TRUNCATE, EDITS };

/* Returns what the edit returned. */
static int apply(enum edit edit, uint8_t *octets, struct dns_message *m, uint16_t limit)
{
    const struct dns_message before = *m;
    int error = 0;

    switch (edit) {
    case REMOVE_HOP:
    case REMOVE_HOP_AND_COOKIE:
        error = dns_opt_remove_hop_options(octets, m, edit == REMOVE_HOP_AND_COOKIE);
        break;
    case SET_PAYLOAD:
        error = dns_opt_set_payload(octets, m, limit);
        FUZZ_CHECK(!m->opt_at || m->opt_payload == limit);
        break;
    case REMOVE:
        error = dns_opt_remove(octets, m);
        FUZZ_CHECK(!m->opt_at);
        break;
    default:
        error = dns_truncate(octets, m, limit);
        FUZZ_CHECK(error || m->len <= limit);
    }
    FUZZ_CHECK(m->len <= before.len);
    return error;
}

/* On a copy, which is what remains to compare with. */
static void try_edit(enum edit edit, const struct dns_message *m, uint16_t limit)
{
    struct dns_message altered;
    uint8_t *octets = fuzz_copy(m->octets, m->len);
    int error;

    /* ARCOUNT as it is without TSIG. */
    dns_wire_set_u16_at(octets + 10, m->count[DNS_ADDITIONAL]);
    FUZZ_CHECK(dns_message_parse(octets, m->len, &altered) == 0);
    error = apply(edit, octets, &altered, limit);
    if (error == 0)
        check_parse(&altered);
    if (edit != TRUNCATE)
        check_opt(m, &altered, error);
    free(octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct dns_reader in = dns_wire_reader(octets, len);
    uint16_t limit = dns_wire_get_u16(&in);
    size_t size;
    uint8_t *copy = fuzz_rest(&in, &size);
    struct dns_message m;

    if (dns_message_parse(copy, size, &m) == 0) {
        walk(&m);
        dns_message_strip_tsig(&m);
        for (enum edit edit = 0; edit < EDITS && m.tsig_place == DNS_TSIG_NONE; edit++)
            try_edit(edit, &m, limit);
    }
    free(copy);
    return 0;
}

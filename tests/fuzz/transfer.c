/* A transfer is followed to its end, which is an SOA of the zone or no transfer at all.
 *
 * Input: frames, the request first. */
#include <stdlib.h>

#include "dns/xfr.h"
#include "fuzz.h"

/* The zone's SOAs and all records in the answers so far, counted without the follower's help. */
struct count {
    unsigned records;
    unsigned soas;
    bool soa_last;
};

static bool is_apex_soa(const struct dns_message *m, const struct dns_record *rr,
                        const struct dns_name *zone)
{
    struct dns_reader r = dns_wire_reader(m->octets, m->len);
    struct dns_name owner;

    r.at = rr->at;
    return rr->type == DNS_TYPE_SOA && rr->rclass == DNS_CLASS_IN &&
           dns_name_read(&r, &owner) == 0 && dns_name_equal(&owner, zone);
}

static void count_records(struct count *c, const struct dns_message *m, const struct dns_name *zone)
{
    size_t at = m->start[DNS_ANSWER];

    for (unsigned i = 0; i < m->count[DNS_ANSWER]; i++) {
        struct dns_record rr;

        dns_message_record(m, &at, &rr);
        c->soa_last = is_apex_soa(m, &rr, zone);
        c->soas += c->soa_last;
        c->records++;
    }
}

/* RFC 1982, said otherwise than the library does. */
static void check_serials(const struct dns_xfr *x)
{
    bool newer = dns_xfr_serial_newer(x->soa.serial, x->client_serial);
    uint32_t ahead = x->soa.serial - x->client_serial;

    FUZZ_CHECK(newer == (ahead > 0 && ahead <= INT32_MAX));
    FUZZ_CHECK(!newer || !dns_xfr_serial_newer(x->client_serial, x->soa.serial));
}

static void check_state(const struct dns_xfr *x, const struct count *c, const struct dns_message *m)
{
    bool is_error = dns_message_rcode(m) != DNS_RCODE_NOERROR;

    FUZZ_CHECK(!(m->flags & DNS_FLAG_TC) || x->state == DNS_XFR_BROKEN);
    if (x->state == DNS_XFR_DONE && !is_error && x->has_serial)
        FUZZ_CHECK(c->soa_last && (c->soas > 1 || c->records == 1));
    if (x->state == DNS_XFR_DONE && !is_error && x->has_serial && x->qtype != DNS_TYPE_IXFR)
        FUZZ_CHECK(c->soas == 2);
    if (x->state == DNS_XFR_FULL)
        FUZZ_CHECK(c->soas == 1);
    if (x->state != DNS_XFR_DONE && x->state != DNS_XFR_BROKEN)
        FUZZ_CHECK(x->has_serial == (c->soas > 0) && x->empty_run <= DNS_XFR_EMPTY_MAX);
}

/* Returns whether there may be more. */
static bool follow(struct dns_xfr *x, struct count *c, const uint8_t *octets, size_t len)
{
    struct dns_message m;
    enum dns_xfr_state state;

    if (dns_message_parse(octets, len, &m) != 0)
        return true;
    count_records(c, &m, &x->zone);
    state = dns_xfr_follow(x, &m);
    FUZZ_CHECK(state == x->state);
    check_state(x, c, &m);
    check_serials(x);
    return state != DNS_XFR_DONE && state != DNS_XFR_BROKEN;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct dns_reader in = dns_wire_reader(octets, len);
    struct dns_message request;
    struct dns_xfr x;
    struct count c = {0};
    size_t size;
    uint8_t *message = fuzz_frame(&in, &size);
    bool going = message && dns_message_parse(message, size, &request) == 0 &&
                 dns_xfr_init(&x, &request) == 0;
    uint64_t messages = 0;

    free(message);
    while (going && (message = fuzz_frame(&in, &size)) != NULL) {
        going = follow(&x, &c, message, size);
        FUZZ_CHECK(x.messages <= ++messages);
        free(message);
    }
    return 0;
}

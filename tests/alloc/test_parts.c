/* The parts that allocate, each by itself. */
#include <criterion/criterion.h>
#include <string.h>

#include "config/lookup.h"
#include "dns/frame.h"
#include "dns/zonemd.h"
#include "exchange/hold.h"
#include "story.h"
#include "support.h"
#include "tsig/key_file.h"
#include "tsig/mac.h"
#include "tsig/stream.h"
#include "tsig/verify.h"

static const uint8_t secret[] = "a secret of 32 octets, no others";

TestSuite(parts);

static int frame_receive(struct dns_frame *frame, const uint8_t *octets, size_t len)
{
    while (len > 0) {
        static uint8_t room[DNS_FRAME_MAX];
        uint8_t *at;
        size_t size;
        int error = dns_frame_keep(frame);
        if (error == 0)
            error = dns_frame_lend(frame, room, 16, &at, &size);
        if (error < 0)
            return error;
        size = size < len && size > 1000 ? 1000 : size;
        size = size < len ? size : len;
        memcpy(at, octets, size);
        dns_frame_filled(frame, room, size);
        octets += size;
        len -= size;
    }
    return 0;
}

static enum story_end frame_run(const void *arg)
{
    static uint8_t wire[2 + 5000];
    struct dns_frame frame = {0};
    uint8_t *octets;
    size_t len;
    (void)arg;
    dns_wire_set_u16_at(wire, sizeof wire - 2);
    wire[sizeof wire - 1] = 7;
    int error = frame_receive(&frame, wire, sizeof wire);
    bool whole = dns_frame_next(&frame, &octets, &len);
    cr_assert_eq(whole, error == 0);
    if (whole)
        cr_assert_eq(octets[len - 1], 7);
    else
        cr_assert_eq(error, DNS_EMEMORY);
    dns_frame_fini(&frame);
    return whole ? STORY_WHOLE : STORY_SHORT;
}

Test(parts, a_frame_that_cannot_grow_has_no_message)
{
    story_tell(&(struct story){.run = frame_run});
}

/* What is kept before memory is short stays, in order. */
static enum story_end hold_run(const void *arg)
{
    struct hold hold = {0};
    uint8_t message[40];
    uint8_t *octets;
    size_t len;
    uint8_t kept = 0, taken = 0;
    (void)arg;
    for (; kept < 50; kept++) {
        memset(message, kept, sizeof message);
        int error = hold_add(&hold, message, sizeof message);
        if (error < 0) {
            cr_assert_eq(error, DNS_EMEMORY);
            break;
        }
    }
    for (; hold_take(&hold, &octets, &len); taken++) {
        cr_assert_eq(len, sizeof message);
        cr_assert_eq(octets[len - 1], taken);
    }
    cr_assert_eq(taken, kept);
    hold_fini(&hold);
    return kept == 50 ? STORY_WHOLE : STORY_SHORT;
}

Test(parts, what_is_held_stays_when_no_more_can_be_held)
{
    story_tell(&(struct story){.run = hold_run});
}

/* A key from a file of BIND's, a MAC for it, a copy, a message signed and verified. */
static int key_sign_and_verify(const struct tsig_key *key, struct tsig_mac *mac)
{
    static struct support_message s;
    struct tsig_chain chain = tsig_chain_request();
    struct tsig_record record;
    support_header(&s, 1, 0);
    support_question(&s, "example.com", DNS_TYPE_SOA);
    struct dns_writer tail = dns_wire_writer(s.octets + s.len, sizeof s.octets - s.len);
    const struct tsig_stamp stamp = {.time_signed = 1, .fudge = 300, .original_id = 1};
    int error = tsig_mac_init(mac, key);
    if (error == 0)
        error = tsig_sign(mac, &chain, &stamp, s.octets, s.len, &tail);
    if (error < 0)
        return error;
    s.len += tail.at;
    struct dns_message m = support_parse(&s);
    struct tsig_stream stream;
    struct tsig_chain none = tsig_chain_request();
    cr_assert_eq(tsig_record_decode(&m, &record), 0);
    error = tsig_stream_init(&stream, mac, &none);
    if (error < 0)
        return error;
    bool good = tsig_stream_verify(&stream, &m, &record, (struct tsig_clock){1, 300}) ==
                TSIG_STREAM_VERIFIED;
    tsig_stream_fini(&stream);
    chain = tsig_chain_request();
    enum tsig_verdict verdict = tsig_verify(mac, &chain, &m, &record, (struct tsig_clock){1, 300});
    cr_assert(verdict == TSIG_VERIFIED || verdict == TSIG_VERDICT_FAILED);
    return good && verdict == TSIG_VERIFIED ? 0 : DNS_ECRYPTO;
}

static enum story_end key_run(const void *arg)
{
    static const char text[] = "key \"k.example\" { algorithm hmac-sha256; secret \"AQID\"; };";
    char problem[TSIG_KEY_FILE_PROBLEM_SIZE];
    struct tsig_key_file file;
    struct tsig_key key = {0};
    struct tsig_mac mac = {0};
    (void)arg;
    cr_assert_eq(tsig_key_file_read(text, strlen(text), &file, problem), 0,
                 "a file in memory takes no more of it");
    int error = tsig_key_init(&key, &file.name, file.algorithm, secret, 32);
    if (error == 0)
        error = key_sign_and_verify(&key, &mac);
    cr_assert(error == 0 || error == DNS_EMEMORY || error == DNS_ECRYPTO);
    tsig_mac_fini(&mac);
    tsig_key_fini(&key);
    return error == 0 ? STORY_WHOLE : STORY_SHORT;
}

Test(parts, a_signature_is_made_and_verified_or_fails)
{
    story_tell(&(struct story){.run = key_run});
}

/* Enough of them that all arrays have to grow. */
static int lookup_fill(struct lookup *lookup)
{
    int error = 0;
    for (size_t i = 0; i < 300 && error == 0; i++) {
        struct lookup_key key = lookup_number(LOOKUP_EVERY_ZONE, i / 2);
        error = lookup_add(lookup, &key, i);
    }
    return error == 0 ? lookup_finish(lookup) : error;
}

static enum story_end lookup_run(const void *arg)
{
    struct lookup *lookup = lookup_new();
    (void)arg;
    int error = lookup ? lookup_fill(lookup) : DNS_EMEMORY;
    cr_assert(error == 0 || error == DNS_EMEMORY);
    for (size_t i = 0; i < 150 && error == 0; i++) {
        struct lookup_key key = lookup_number(LOOKUP_EVERY_ZONE, i);
        struct lookup_list list = lookup_find(lookup, &key);
        cr_assert_eq(list.count, 2);
        cr_assert_eq(list.places[1], 2 * i + 1);
    }
    lookup_free(lookup);
    return error == 0 ? STORY_WHOLE : STORY_SHORT;
}

Test(parts, a_lookup_is_whole_or_there_is_none)
{
    story_tell(&(struct story){.run = lookup_run});
}

/* More than the first room holds. */
static enum story_end zonemd_run(const void *arg)
{
    static struct support_message s;
    static const uint8_t claim[6 + 48] = {0, 0, 0, 7, 1, 1};
    struct dns_name zone = support_name("example");
    struct dns_zonemd z;
    enum dns_zonemd_verdict verdict;
    int error = 0;
    (void)arg;
    dns_zonemd_init(&z, &zone, 1 << 20);
    for (int i = 0; i < 2 && error == 0; i++) {
        support_header(&s, 1, DNS_FLAG_QR);
        support_question(&s, "example", DNS_TYPE_AXFR);
        support_soa(&s, DNS_ANSWER, "example", 7);
        support_add(&s, &(struct support_record){.section = DNS_ANSWER,
                                                 .name = "example",
                                                 .type = 63,
                                                 .rdata = claim,
                                                 .rdata_len = sizeof claim});
        for (int k = 0; k < 2000; k++)
            support_a(&s, DNS_ANSWER, "a.example");
        struct dns_message m = support_parse(&s);
        error = dns_zonemd_add(&z, &m);
    }
    cr_assert(error == 0 || error == DNS_EMEMORY);
    if (error == 0)
        error = dns_zonemd_verify(&z, &verdict);
    if (error == 0)
        cr_assert_eq(verdict, DNS_ZONEMD_BAD);
    dns_zonemd_fini(&z);
    return error == 0 ? STORY_WHOLE : STORY_SHORT;
}

Test(parts, a_zone_is_kept_or_not)
{
    story_tell(&(struct story){.run = zonemd_run});
}

/* Sentences that name the section, the setting and the value to write, or who refused. */
#include "admin/advice.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "admin/events.h"
#include "scene.h"

static void open_scene(void)
{
    scene_open(SCENE_CONFIG);
}

TestSuite(advice, .init = open_scene, .fini = scene_close);

static void expect(struct relay_event event, const char *wanted)
{
    char out[ADVICE_SIZE];
    const char *advice = advice_of(&event, out);
    cr_assert_not_null(advice, "nothing where there should be: %s", wanted);
    cr_expect_str_eq(advice, wanted);
}

static struct relay_event refused(enum relay_result result, const char *peer, uint16_t qtype)
{
    return (struct relay_event){
        .type = EVENT_REFUSED,
        .result = result,
        .peer = peer ? scene_peer(peer) : NULL,
        .address = scene_address(peer ? "192.0.2.1" : "203.0.113.9@40000"),
        .local = scene_address("10.0.0.53"),
        .qtype = qtype,
        .zone = scene_zone("example.com"),
    };
}

Test(advice, a_refusal_says_what_to_write)
{
    struct relay_event notify = refused(RESULT_UNKNOWN_SOURCE, NULL, DNS_TYPE_SOA);
    struct relay_event elsewhere = refused(RESULT_KEY_FROM_ELSEWHERE, NULL, DNS_TYPE_SOA);
    struct relay_event unsigned_notify = refused(RESULT_NO_TSIG, "one", DNS_TYPE_SOA);
    notify.opcode = DNS_OPCODE_NOTIFY;
    expect(notify, "no [primary] has 203.0.113.9 in address or from; add it");
    expect(refused(RESULT_UNKNOWN_SOURCE, NULL, DNS_TYPE_AXFR),
           "no [secondary] has 203.0.113.9 in address or from; add it");
    expect(refused(RESULT_NOT_HEARD_HERE, NULL, DNS_TYPE_SOA),
           "the peer at 203.0.113.9 has no key and is heard at some local addresses alone; add "
           "10.0.0.53 to heard-at in its section if it may ask there");
    expect(refused(RESULT_OPERATION_NOT_ALLOWED, "one", 1),
           "add query to allow in [secondary one] if it may");
    expect(refused(RESULT_OPERATION_NOT_ALLOWED, "one", DNS_TYPE_IXFR),
           "add ixfr to allow in [secondary one] if it may");
    expect(refused(RESULT_ZONE_NOT_ALLOWED, "one", DNS_TYPE_SOA),
           "add example.com to zones in [secondary one] if it may have it");
    elsewhere.holder = scene_peer("one");
    expect(elsewhere, "the TSIG is good, but its key is that of one at another address; add "
                      "203.0.113.9 to from in [secondary one]; if it does not have that address, "
                      "somebody else has its key");
    expect(unsigned_notify,
           "one has a key here but asked without TSIG; have it sign with key k, or write mode = "
           "observe in [secondary one] until it does");
}

/* The mirror image: a primary that has the key, and signs its answers, but no NOTIFY. */
Test(advice, an_unsigned_notify_of_a_primary_with_a_key_says_both_cures)
{
    scene_reload("[key k]\nsecret-file = k.key\n"
                 "[primary hq]\naddress = 10.0.0.1\nkey = k\n"
                 "[secondary one]\naddress = 192.0.2.1\n");
    expect(refused(RESULT_NO_TSIG, "hq", DNS_TYPE_SOA),
           "hq has a key here but sent its NOTIFY without TSIG; have it sign with key k (BIND: "
           "also-notify { ADDRESS key ...; }), or write unsigned-notify = accept in [primary hq]");
}

static struct relay_event tsig(uint16_t error)
{
    return (struct relay_event){
        .type = EVENT_TSIG_FAILURE,
        .result = RESULT_REFUSED,
        .peer = scene_peer("one"),
        .address = scene_address("192.0.2.1"),
        .key_name = scene_zone("k"),
        .offered = scene_zone("hmac-sha512"),
        .mac_len = 16,
        .tsig_error = error,
    };
}

Test(advice, a_tsig_that_failed_says_what_differs)
{
    struct relay_event algorithm = tsig(17), unknown = tsig(17), clock = tsig(18), plain = tsig(17);
    algorithm.expected = scene_key();
    expect(algorithm, "one signs with hmac-sha512, but its key k has algorithm = hmac-sha256 here; "
                      "write the same on both sides");
    unknown.key_name = scene_zone("other.example");
    expect(unknown, "one signs with key other.example, which it does not have here; add that key "
                    "and name it in key of [secondary one], or have it use k");
    plain.peer = scene_peer("two");
    expect(plain, "two signs with key k, and [secondary two] has no key; add it");
    expect(tsig(16), "the secret of key k is another one at one; compare both");
    expect(tsig(22),
           "its MACs are cut to 16 octets; write minimum-mac = 16 in the section of key k "
           "if that is meant");
    clock.advice = "check NTP on both sides";
    clock.has_skew = true;
    clock.skew = -412;
    expect(clock, "its clock is 412 s behind; check NTP on both sides");
}

Test(advice, an_answer_that_proves_nothing_says_which_key_is_missing_there)
{
    struct relay_event answer = {
        .type = EVENT_TSIG_FAILURE,
        .result = RESULT_BAD_ANSWER,
        .peer = scene_peer("one"),
        .address = scene_address("192.0.2.1"),
        .key = scene_key(),
        .tsig_error = 17,
        .advice = "in general",
    };
    expect(answer, "secondary one says BADKEY (unsigned, so not proven); give it key k with "
                   "hmac-sha256");
    answer.tsig_error = 16;
    expect(answer, "secondary one says BADSIG (unsigned, so not proven); compare the secret of key "
                   "k on both sides");
    answer.tsig_error = 4711;
    expect(answer, "in general");
    answer.result = RESULT_UNSIGNED_ANSWER;
    expect(answer, "in general");
    answer.advice = NULL;
    expect(answer, "secondary one answered without TSIG (unsigned, so not proven); give it key k "
                   "with hmac-sha256");
}

/* Whatever the relay may come to report. */
Test(advice, every_event_with_every_result_can_be_told, .timeout = 60)
{
    const struct peer *const peers[] = {NULL, scene_peer("hq"), scene_peer("one"),
                                        scene_peer("two")};
    static const uint16_t errors[] = {0, 16, 17, 18, 22, 4711};
    for (unsigned type = 0; type < EVENT_TYPES; type++)
        for (unsigned result = 0; result < RESULTS; result++)
            for (unsigned i = 0; i < 4 * 6; i++) {
                const struct peer *peer = peers[i % 4];
                struct relay_event event = {
                    .type = type,
                    .result = result,
                    .peer = type == EVENT_NOTIFIED ? scene_peer("hq") : peer,
                    .client = peer,
                    .server = peers[(i + 1) % 4],
                    .address = i % 3 ? scene_address("192.0.2.1") : NULL,
                    .key = i % 2 ? scene_key() : NULL,
                    .key_name = i % 3 ? scene_zone("k") : NULL,
                    .expected = i % 5 ? NULL : scene_key(),
                    .offered = i % 5 ? NULL : scene_zone("hmac-md5.sig-alg.reg.int"),
                    .zone = peer || type == EVENT_NOTIFIED ? scene_zone("example.com") : NULL,
                    .opcode = i % 2 ? DNS_OPCODE_NOTIFY : 0,
                    .qtype = (uint16_t)(i % 7),
                    .has_rcode = i % 2,
                    .rcode = i % 24,
                    .tsig_error = errors[i / 4],
                    .has_skew = i % 2,
                    .skew = INT64_MIN / 2,
                    .has_serial = i % 3,
                    .serial = i,
                    .milliseconds = UINT64_MAX / 2,
                };
                scene_report(event);
            }
    json_decref(scene_document());
    free(scene_metrics());
}

Test(advice, who_refused_is_named_with_what_to_do_there)
{
    struct relay_event transfer =
        scene_answered(EVENT_TRANSFER, "one", DNS_TYPE_AXFR, "example.com", 0);
    struct relay_event notify = scene_notify("one", "example.com", 7, RESULT_ERROR);
    transfer.result = RESULT_ERROR;
    transfer.source = notify.source = scene_address("10.0.0.2");
    transfer.rcode = DNS_RCODE_REFUSED;
    expect(transfer,
           "primary hq answered REFUSED: allow transfers of example.com from 10.0.0.2 there");
    transfer.rcode = DNS_RCODE_NOTAUTH;
    expect(transfer, "primary hq answered NOTAUTH: does it serve example.com, and allow transfers "
                     "from 10.0.0.2?");
    transfer.rcode = DNS_RCODE_SERVFAIL;
    expect(transfer, "primary hq answered SERVFAIL: has it loaded example.com without an error?");
    transfer.rcode = DNS_RCODE_FORMERR;
    expect(transfer, "primary hq answered FORMERR: if it does not know EDNS, write edns = strip in "
                     "[primary hq]");
    notify.has_rcode = true;
    notify.rcode = DNS_RCODE_NOTAUTH;
    expect(notify,
           "secondary one answered NOTAUTH: configure example.com there, with 10.0.0.2 as its "
           "primary");
    notify.rcode = DNS_RCODE_REFUSED;
    expect(notify,
           "secondary one answered REFUSED: allow NOTIFYs for example.com from 10.0.0.2 there");
    notify.rcode = DNS_RCODE_NOTIMP;
    expect(notify, "secondary one answered NOTIMP: if it takes no NOTIFYs, write notify = no in "
                   "[secondary one]");
}

/* Where the kernel chooses our address, it is asked. */
Test(advice, our_address_is_what_the_kernel_would_take)
{
    struct relay_event transfer =
        scene_answered(EVENT_TRANSFER, "one", DNS_TYPE_AXFR, "example.com", 0);
    transfer.result = RESULT_ERROR;
    transfer.rcode = DNS_RCODE_REFUSED;
    transfer.at = scene_address("127.0.0.1");
    expect(transfer,
           "primary hq answered REFUSED: allow transfers of example.com from 127.0.0.1 there");
}

Test(advice, silence_says_of_whom_and_where)
{
    struct relay_event lost = {.type = EVENT_UPSTREAM_FAILURE,
                               .result = RESULT_TIMEOUT,
                               .peer = scene_peer("hq"),
                               .address = scene_address("10.0.0.1"),
                               .transport = RELAY_UDP};
    expect(lost, "primary hq was asked at 10.0.0.1@53 and did not answer in time; does it run, and "
                 "does a packet filter let UDP through both ways?");
    lost.result = RESULT_CANNOT_CONNECT;
    lost.transport = RELAY_TCP;
    expect(lost, "no connection to primary hq at 10.0.0.1@53; does it run, and does a packet "
                 "filter let TCP through?");
}

Test(advice, the_longest_names_are_cut)
{
    char zone[256] = "", out[ADVICE_SIZE];
    for (int i = 0; i < 3; i++)
        strcat(zone,
               "\\255\\255\\255\\255\\255\\255\\255\\255\\255\\255\\255\\255\\255\\255\\255.");
    struct relay_event event = refused(RESULT_ZONE_NOT_ALLOWED, "one", DNS_TYPE_SOA);
    event.zone = scene_zone(zone);
    cr_expect_lt(strlen(advice_of(&event, out)), ADVICE_SIZE);
}

Test(advice, what_did_not_go_well_is_a_warning)
{
    struct relay_event refresh =
        scene_answered(EVENT_REFRESH, "one", DNS_TYPE_SOA, "example.com", 7);
    struct relay_event request = {.type = EVENT_REQUEST, .result = RESULT_ERROR};
    cr_expect_eq(events_level(&refresh, true), LOG_INFO);
    cr_expect_eq(events_level(&refresh, false), LOG_DEBUG);
    refresh.result = RESULT_ERROR;
    cr_expect_eq(events_level(&refresh, false), LOG_WARNING);
    for (unsigned result = RESULT_OK + 1; result < RESULTS; result++) {
        struct relay_event transfer = {.type = EVENT_TRANSFER, .result = result};
        struct relay_event notify = {.type = EVENT_NOTIFY, .result = result};
        enum config_log_level wanted = result == RESULT_TRUNCATED ? LOG_INFO : LOG_WARNING;
        cr_expect_eq(events_level(&transfer, false), wanted);
        cr_expect_eq(events_level(&notify, false), wanted);
    }
    request.rcode = DNS_RCODE_NXDOMAIN;
    cr_expect_eq(events_level(&request, false), LOG_DEBUG, "as it should say");
    request.rcode = DNS_RCODE_REFUSED;
    cr_expect_eq(events_level(&request, false), LOG_WARNING);
    struct relay_event stranger = refused(RESULT_UNKNOWN_SOURCE, NULL, DNS_TYPE_SOA);
    struct relay_event peer = refused(RESULT_ZONE_NOT_ALLOWED, "one", DNS_TYPE_SOA);
    cr_expect_eq(events_level(&stranger, false), LOG_NOTICE);
    cr_expect_eq(events_level(&peer, false), LOG_WARNING);
    /* A balancer is somebody. */
    struct relay_event elsewhere = {.type = EVENT_REFUSED, .result = RESULT_NO_BALANCER};
    struct relay_event balancer = {.type = EVENT_REFUSED, .result = RESULT_NO_HEADER};
    cr_expect_eq(events_level(&elsewhere, false), LOG_NOTICE);
    cr_expect_eq(events_level(&balancer, false), LOG_WARNING);
    balancer.result = RESULT_BAD_HEADER;
    cr_expect_eq(events_level(&balancer, false), LOG_WARNING);
}

#include "sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net.h"
#include "tsig/verify.h"

#define SIGN_FUDGE  300
#define SIGN_SECRET 32

struct signer *sign_keys(size_t count)
{
    struct signer *signers = calloc(count, sizeof *signers);
    net_must(signers, "calloc");
    for (size_t i = 0; i < count; i++) {
        char text[SIGN_NAME_SIZE];
        uint8_t secret[SIGN_SECRET];
        struct dns_name name;
        for (size_t k = 0; k < SIGN_SECRET; k++)
            secret[k] = (uint8_t)(i >> (24 - k % 4 * 8));
        snprintf(text, sizeof text, "k%zu.example", i);
        net_must(dns_name_from_text(text, &name) == 0, text);
        net_must(tsig_key_init(&signers[i].key, &name, tsig_algorithm_by_text("hmac-sha256"),
                               secret, sizeof secret) == 0,
                 "tsig_key_init");
        net_must(tsig_mac_init(&signers[i].mac, &signers[i].key) == 0, "tsig_mac_init");
    }
    return signers;
}

void sign_free(struct signer *signers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tsig_mac_fini(&signers[i].mac);
        tsig_key_fini(&signers[i].key);
    }
    free(signers);
}

size_t sign_question(uint8_t *octets, size_t size, uint16_t flags, const char *name, uint16_t type)
{
    struct dns_writer w = dns_wire_writer(octets, size);
    struct dns_name wire;
    net_must(dns_name_from_text(name, &wire) == 0, name);
    dns_wire_put_u16(&w, 0);
    dns_wire_put_u16(&w, flags);
    dns_wire_put_u16(&w, 1);
    for (unsigned i = DNS_ANSWER; i < DNS_SECTIONS; i++)
        dns_wire_put_u16(&w, 0);
    dns_name_write(&w, &wire);
    dns_wire_put_u16(&w, type);
    dns_wire_put_u16(&w, DNS_CLASS_IN);
    net_must(!w.failed, "sign_question");
    return w.at;
}

size_t sign_soa(uint8_t *octets, size_t len, size_t size, uint32_t serial)
{
    static const uint32_t sign_timers[] = {3600, 600, 86400, 300};
    const uint16_t pointer = 0xc000 | DNS_HEADER_SIZE;
    struct dns_writer w = dns_wire_writer(octets + len, size - len);
    uint8_t *count = octets + DNS_COUNTS_AT + 2;
    dns_wire_put_u16(&w, pointer);
    dns_wire_put_u16(&w, DNS_TYPE_SOA);
    dns_wire_put_u16(&w, DNS_CLASS_IN);
    dns_wire_put_u32(&w, 3600);
    dns_wire_put_u16(&w, 2 * sizeof pointer + 4 + sizeof sign_timers);
    dns_wire_put_u16(&w, pointer);
    dns_wire_put_u16(&w, pointer);
    dns_wire_put_u32(&w, serial);
    for (size_t i = 0; i < sizeof sign_timers / sizeof *sign_timers; i++)
        dns_wire_put_u32(&w, sign_timers[i]);
    net_must(!w.failed, "sign_soa");
    dns_wire_set_u16_at(count, (uint16_t)(dns_wire_u16_at(count) + 1));
    return len + w.at;
}

size_t sign(struct signer *signer, struct tsig_chain *chain, uint8_t *octets, size_t len,
            size_t size)
{
    struct tsig_stamp stamp = {.time_signed = (uint64_t)time(NULL), .fudge = SIGN_FUDGE};
    struct dns_writer tail = dns_wire_writer(octets + len, size - len);
    stamp.original_id = dns_wire_u16_at(octets);
    net_must(tsig_sign(&signer->mac, chain, &stamp, octets, len, &tail) == 0, "tsig_sign");
    return len + tail.at;
}

bool sign_confirm(struct signer *signer, struct net_datagram *d)
{
    struct dns_message m;
    struct tsig_record record;
    struct tsig_chain chain = tsig_chain_request();
    const struct tsig_clock clock = {.seconds = (uint64_t)time(NULL), .fudge = SIGN_FUDGE};
    if (dns_message_parse(d->octets, d->len, &m) < 0 || m.tsig_place != DNS_TSIG_LAST ||
        tsig_record_decode(&m, &record) < 0 ||
        tsig_verify(&signer->mac, &chain, &m, &record, clock) != TSIG_VERIFIED)
        return false;
    dns_wire_set_u16_at(d->octets + DNS_FLAGS_AT, DNS_FLAG_QR | DNS_OPCODE_NOTIFY << 11);
    for (size_t at = DNS_COUNTS_AT + 2; at < DNS_HEADER_SIZE; at += 2)
        dns_wire_set_u16_at(d->octets + at, 0);
    d->len = sign(signer, &chain, d->octets, m.start[DNS_ANSWER], sizeof d->octets);
    return true;
}

#include "tsig/sender.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tsig/fixture.h"

void sender_init(struct sender *s, const struct tsig_key *key, const uint8_t *request_mac,
                 uint16_t len)
{
    *s = (struct sender){.fudge = 300, .mac_len = key->algorithm->mac_size, .prior_len = len};
    cr_assert_leq(len, sizeof(s->prior));
    memcpy(s->prior, request_mac, len);
    cr_assert_eq(tsig_mac_init(&s->mac, key), 0);
}

void sender_fini(struct sender *s)
{
    tsig_mac_fini(&s->mac);
}

static void digest_u16(struct sender *s, uint16_t value)
{
    uint8_t octets[2];

    dns_wire_set_u16_at(octets, value);
    tsig_mac_update(&s->mac, octets, sizeof(octets));
}

static void digest_message(struct sender *s, const struct support_message *message)
{
    if (!s->begun) {
        tsig_mac_begin(&s->mac);
        digest_u16(s, s->prior_len);
        tsig_mac_update(&s->mac, s->prior, s->prior_len);
    }
    s->begun = true;
    tsig_mac_update(&s->mac, message->octets, message->len);
}

/* Section 4.3.3; in continuations the time and the fudge alone. */
static void digest_variables(struct sender *s, const struct tsig_record *record)
{
    uint8_t octets[2 * DNS_NAME_MAX + 18];
    struct dns_writer w = dns_wire_writer(octets, sizeof(octets));

    if (!s->continues) {
        dns_name_write(&w, &record->key_name);
        dns_wire_put_u16(&w, DNS_CLASS_ANY);
        dns_wire_put_u32(&w, 0);
        dns_name_write(&w, &record->algorithm);
    }
    dns_wire_put_u48(&w, record->time_signed);
    dns_wire_put_u16(&w, record->fudge);
    if (!s->continues)
        dns_wire_put_u32(&w, 0); /* Error and Other Len */
    tsig_mac_update(&s->mac, octets, w.at);
}

void sender_pass(struct sender *s, const struct support_message *message)
{
    digest_message(s, message);
}

void sender_sign(struct sender *s, struct support_message *message, uint64_t time_signed)
{
    const struct tsig_key *key = s->mac.key;
    uint8_t mac[TSIG_MAC_MAX];
    struct tsig_record record = {
        .key_name = key->name,
        .algorithm = key->algorithm_name,
        .time_signed = time_signed,
        .fudge = s->fudge,
        .mac = mac,
        .mac_len = s->mac_len,
        .original_id = dns_wire_u16_at(message->octets),
    };

    digest_message(s, message);
    digest_variables(s, &record);
    cr_assert_eq(tsig_mac_end(&s->mac, mac), 0);
    fixture_append(message, &record);
    memcpy(s->prior, mac, s->mac_len);
    s->prior_len = s->mac_len;
    s->continues = true;
    s->begun = false;
}

/* The digest is here, for signer and verifier alike: both feed it the same pieces in the same order
 * (RFC 8945 section 4.3), and a chain says what comes first. The message itself is never copied;
 * only its header is, for ID and ARCOUNT in it may differ from what goes over the wire. */
#include "tsig/sign.h"

#include <assert.h>
#include <string.h>

#define SERVER_TIME_SIZE 6
/* Key name, class, TTL, algorithm name, timers, error, Other Len (RFC 8945 section 4.3.3). */
#define VARIABLES_MAX (DNS_NAME_MAX + 6 + DNS_NAME_MAX + 8 + 4)

struct tsig_chain tsig_chain_request(void)
{
    return (struct tsig_chain){.form = TSIG_FORM_REQUEST};
}

void tsig_chain_advance(struct tsig_chain *chain, const uint8_t *mac, size_t len,
                        uint64_t time_signed)
{
    assert(len <= TSIG_MAC_MAX);
    chain->form = chain->form == TSIG_FORM_REQUEST ? TSIG_FORM_RESPONSE : TSIG_FORM_CONTINUATION;
    chain->mac_len = (uint8_t)len;
    memcpy(chain->mac, mac, len);
    chain->time_signed = time_signed;
}

void tsig_sign_digest_begin(struct tsig_mac *mac, const struct tsig_chain *chain)
{
    tsig_mac_begin(mac);
    if (chain->form == TSIG_FORM_REQUEST)
        return;
    uint8_t len[2];
    dns_wire_set_u16_at(len, chain->mac_len);
    tsig_mac_update(mac, len, sizeof len);
    tsig_mac_update(mac, chain->mac, chain->mac_len);
}

void tsig_sign_digest_message(struct tsig_mac *mac, const uint8_t *octets, size_t len, uint16_t id,
                              uint16_t arcount)
{
    assert(len >= DNS_HEADER_SIZE);
    uint8_t header[DNS_HEADER_SIZE];
    memcpy(header, octets, sizeof header);
    dns_wire_set_u16_at(header, id);
    dns_message_put_arcount(header, arcount);
    tsig_mac_update(mac, header, sizeof header);
    tsig_mac_update(mac, octets + DNS_HEADER_SIZE, len - DNS_HEADER_SIZE);
}

/* All variables, or only the timers in a continuation (section 5.3.1). The key's names are the
 * record's in canonical form. */
static void sign_digest_variables(struct tsig_mac *mac, enum tsig_form form,
                                  const struct tsig_record *record)
{
    uint8_t octets[VARIABLES_MAX];
    struct dns_writer w = dns_wire_writer(octets, sizeof octets);
    if (form != TSIG_FORM_CONTINUATION) {
        dns_name_write(&w, &mac->key->name);
        dns_wire_put_u16(&w, DNS_CLASS_ANY);
        dns_wire_put_u32(&w, 0);
        dns_name_write(&w, &mac->key->algorithm_name);
    }
    dns_wire_put_u48(&w, record->time_signed);
    dns_wire_put_u16(&w, record->fudge);
    if (form != TSIG_FORM_CONTINUATION) {
        dns_wire_put_u16(&w, record->error);
        dns_wire_put_u16(&w, record->other_len);
    }
    tsig_mac_update(mac, octets, w.at);
    if (form != TSIG_FORM_CONTINUATION)
        tsig_mac_update(mac, record->other, record->other_len);
}

int tsig_sign_digest_end(struct tsig_mac *mac, enum tsig_form form,
                         const struct tsig_record *record, uint8_t out[TSIG_MAC_MAX])
{
    sign_digest_variables(mac, form, record);
    return tsig_mac_end(mac, out);
}

/* A record without MAC; `server_time` is where its Other Data is kept. */
static struct tsig_record sign_stamped(const struct dns_name *key_name,
                                       const struct dns_name *algorithm,
                                       const struct tsig_stamp *stamp,
                                       uint8_t server_time[SERVER_TIME_SIZE])
{
    struct dns_writer w = dns_wire_writer(server_time, SERVER_TIME_SIZE);
    if (stamp->has_server_time)
        dns_wire_put_u48(&w, stamp->server_time);
    return (struct tsig_record){
        .key_name = *key_name,
        .algorithm = *algorithm,
        .time_signed = stamp->time_signed,
        .fudge = stamp->fudge,
        .original_id = stamp->original_id,
        .error = stamp->error,
        .other = server_time,
        .other_len = (uint16_t)w.at,
    };
}

static int sign_append(const struct tsig_record *record, uint8_t *octets, struct dns_writer *tail)
{
    uint16_t arcount = dns_wire_u16_at(octets + DNS_ARCOUNT_AT);
    if (arcount == UINT16_MAX || tail->failed || tail->size - tail->at < tsig_record_size(record))
        return DNS_ESPACE;
    tsig_record_encode(record, tail);
    dns_message_put_arcount(octets, (uint16_t)(arcount + 1));
    return 0;
}

int tsig_sign(struct tsig_mac *mac, struct tsig_chain *chain, const struct tsig_stamp *stamp,
              uint8_t *octets, size_t len, struct dns_writer *tail)
{
    const struct tsig_key *key = mac->key;
    uint8_t server_time[SERVER_TIME_SIZE];
    struct tsig_record record = sign_stamped(&key->name, &key->algorithm_name, stamp, server_time);
    /* The clock may have been set back since the last message (section 5.3.1). */
    if (chain->form == TSIG_FORM_CONTINUATION && record.time_signed < chain->time_signed)
        record.time_signed = chain->time_signed;
    tsig_sign_digest_begin(mac, chain);
    tsig_sign_digest_message(mac, octets, len, record.original_id,
                             dns_wire_u16_at(octets + DNS_ARCOUNT_AT));
    uint8_t digest[TSIG_MAC_MAX];
    int error = tsig_sign_digest_end(mac, chain->form, &record, digest);
    if (error < 0)
        return error;
    record.mac = digest;
    record.mac_len = key->algorithm->mac_size;
    error = sign_append(&record, octets, tail);
    if (error < 0)
        return error;
    tsig_chain_advance(chain, digest, record.mac_len, record.time_signed);
    return 0;
}

size_t tsig_sign_room(const struct tsig_key *key)
{
    struct tsig_record record = {
        .key_name = key->name,
        .algorithm = key->algorithm_name,
        .mac_len = key->algorithm->mac_size,
    };
    return tsig_record_size(&record);
}

int tsig_sign_unsigned(const struct tsig_record *request, const struct tsig_stamp *stamp,
                       uint8_t *octets, struct dns_writer *tail)
{
    uint8_t server_time[SERVER_TIME_SIZE];
    struct tsig_record record =
        sign_stamped(&request->key_name, &request->algorithm, stamp, server_time);
    return sign_append(&record, octets, tail);
}

#include "tsig/record.h"

#include <assert.h>

#define FIXED_SIZE 16 /* RDATA without the algorithm name, MAC and Other Data */

const char *tsig_record_error_text(uint16_t error)
{
    switch (error) {
    case TSIG_BADSIG:
        return "BADSIG";
    case TSIG_BADKEY:
        return "BADKEY";
    case TSIG_BADTIME:
        return "BADTIME";
    case TSIG_BADTRUNC:
        return "BADTRUNC";
    default:
        return NULL;
    }
}

/* Owner to RDLENGTH. The key name may be compressed, and in any case. */
static int record_decode_head(struct dns_reader *r, struct dns_name *key_name, size_t *end)
{
    int error = dns_name_read(r, key_name);
    uint16_t type = dns_wire_get_u16(r);
    uint16_t rclass = dns_wire_get_u16(r);
    uint32_t ttl = dns_wire_get_u32(r);
    uint16_t rdlength = dns_wire_get_u16(r);
    if (error < 0 || r->failed || type != DNS_TYPE_TSIG || rclass != DNS_CLASS_ANY || ttl != 0)
        return DNS_EFORMAT;
    *end = r->at + rdlength;
    return 0;
}

/* RFC 8945 section 4.2: the algorithm name is never compressed. */
static int record_decode_algorithm(struct dns_reader *r, struct dns_name *algorithm)
{
    size_t at = r->at;
    int error = dns_name_read(r, algorithm);
    return error == 0 && r->at - at == algorithm->len ? 0 : DNS_EFORMAT;
}

int tsig_record_decode(const struct dns_message *m, struct tsig_record *out)
{
    assert(m->tsig_place == DNS_TSIG_LAST);
    struct dns_reader r = dns_wire_reader(m->octets, m->len);
    r.at = m->tsig_at;
    struct tsig_record record = {0};
    size_t end = 0;
    if (record_decode_head(&r, &record.key_name, &end) < 0 ||
        record_decode_algorithm(&r, &record.algorithm) < 0)
        return DNS_EFORMAT;
    record.time_signed = dns_wire_get_u48(&r);
    record.fudge = dns_wire_get_u16(&r);
    record.mac_len = dns_wire_get_u16(&r);
    record.mac = dns_wire_get_octets(&r, record.mac_len);
    record.original_id = dns_wire_get_u16(&r);
    record.error = dns_wire_get_u16(&r);
    record.other_len = dns_wire_get_u16(&r);
    record.other = dns_wire_get_octets(&r, record.other_len);
    if (r.failed || r.at != end)
        return DNS_EFORMAT;
    *out = record;
    return 0;
}

static size_t record_rdata_size(const struct tsig_record *record)
{
    return record->algorithm.len + FIXED_SIZE + (size_t)record->mac_len + record->other_len;
}

void tsig_record_encode(const struct tsig_record *record, struct dns_writer *w)
{
    dns_name_write(w, &record->key_name);
    dns_wire_put_u16(w, DNS_TYPE_TSIG);
    dns_wire_put_u16(w, DNS_CLASS_ANY);
    dns_wire_put_u32(w, 0);
    dns_wire_put_u16(w, (uint16_t)record_rdata_size(record));
    dns_name_write(w, &record->algorithm);
    dns_wire_put_u48(w, record->time_signed);
    dns_wire_put_u16(w, record->fudge);
    dns_wire_put_u16(w, record->mac_len);
    dns_wire_put_octets(w, record->mac, record->mac_len);
    dns_wire_put_u16(w, record->original_id);
    dns_wire_put_u16(w, record->error);
    dns_wire_put_u16(w, record->other_len);
    dns_wire_put_octets(w, record->other, record->other_len);
}

size_t tsig_record_size(const struct tsig_record *record)
{
    return record->key_name.len + 10 + record_rdata_size(record);
}

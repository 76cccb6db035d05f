/* A record's RDATA follows from its value, so that an altered octet of it is seen. */
#include "truth.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dice.h"

#define TRUTH_KEPT 64 /* versions of which the values are kept */

static uint32_t truth_value(void)
{
    uint32_t value = (uint32_t)dice_draw();
    return value == 0 || value == TRUTH_MARK ? 1 : value;
}

static struct version *truth_add(struct zone *z, uint32_t serial)
{
    z->versions = realloc(z->versions, (z->count + 1) * sizeof *z->versions);
    assert(z->versions);
    struct version *v = &z->versions[z->count++];
    *v = (struct version){.serial = serial,
                          .since = clock_now(),
                          .until = UINT64_MAX,
                          .values = calloc(z->records, sizeof *v->values)};
    assert(v->values);
    return v;
}

void truth_init(struct zone *z, unsigned number, uint32_t serial, unsigned records)
{
    *z = (struct zone){.number = number, .records = records};
    snprintf(z->text, sizeof z->text, "z%u.example", number);
    int error = dns_name_from_text(z->text, &z->name);
    assert(error == 0);
    (void)error;
    struct version *v = truth_add(z, serial);
    for (unsigned i = 0; i < records; i++)
        v->values[i] = dice_chance(800) ? truth_value() : 0;
}

void truth_fini(struct zone *z)
{
    for (size_t i = 0; i < z->count; i++)
        free(z->versions[i].values);
    free(z->versions);
}

const struct version *truth_newest(const struct zone *z)
{
    return &z->versions[z->count - 1];
}

void truth_change(struct zone *z, uint32_t step)
{
    struct version *v = truth_add(z, truth_newest(z)->serial + step);
    struct version *before = v - 1;
    before->until = clock_now();
    memcpy(v->values, before->values, z->records * sizeof *v->values);
    unsigned changes = 1 + (unsigned)dice_below(z->records / 4 + 1);
    for (unsigned i = 0; i < changes; i++)
        v->values[dice_below(z->records)] = dice_chance(750) ? truth_value() : 0;
    if (z->count - z->forgotten > TRUTH_KEPT) {
        free(z->versions[z->forgotten].values);
        z->versions[z->forgotten++].values = NULL;
    }
}

const struct version *truth_version(const struct zone *z, uint32_t serial)
{
    for (size_t i = z->count; i-- > z->forgotten;)
        if (z->versions[i].serial == serial)
            return &z->versions[i];
    return NULL;
}

bool truth_was_newest_since(const struct version *v, uint64_t since)
{
    return v && v->until >= since;
}

bool truth_is_newer(uint32_t a, uint32_t b)
{
    return a != b && (int32_t)(a - b) > 0;
}

void truth_put_soa(struct paper *p, unsigned section, const struct zone *z, uint32_t serial)
{
    uint8_t rdata[22] = {0};
    paper_put_u32(rdata + 2, serial);
    paper_put_u32(rdata + 6, z->refresh);
    paper_put_u32(rdata + 10, z->retry);
    paper_put_u32(rdata + 14, z->expire);
    paper_put_u32(rdata + 18, 300);
    paper_record(p, section, NULL, &z->name, PAPER_SOA);
    paper_rdata(p, rdata, sizeof rdata);
}

static size_t truth_rdata(const struct zone *z, uint32_t value, uint8_t *out)
{
    paper_put_u32(out, value);
    if (!z->wide)
        return 4;
    size_t len = 200 + value % 2800;
    for (size_t i = 4; i < len; i++)
        out[i] = (uint8_t)(value >> (i & 15) ^ i);
    return len;
}

size_t truth_size(const struct zone *z, uint32_t value)
{
    return z->wide ? 24 + 200 + value % 2800 : 64;
}

void truth_put_record(struct paper *p, const struct zone *z, unsigned index, uint32_t value)
{
    uint8_t rdata[3000];
    char label[12];
    snprintf(label, sizeof label, "r%u", index);
    paper_record(p, 1, label, &z->name, z->wide ? PAPER_WIDE : PAPER_A);
    paper_rdata(p, rdata, truth_rdata(z, value, rdata));
}

/* "r" and digits, then the zone. */
static bool truth_read_owner(const struct zone *z, const struct paper_name *owner, unsigned *index)
{
    size_t len = owner->octets[0];
    if (owner->len != len + 1 + z->name.len || len < 2 || len > 4 || owner->octets[1] != 'r' ||
        memcmp(owner->octets + 1 + len, z->name.octets, z->name.len) != 0)
        return false;
    *index = 0;
    for (size_t i = 2; i <= len; i++)
        *index = *index * 10 + owner->octets[i] - '0';
    return *index < z->records;
}

bool truth_read(const struct zone *z, const struct paper_record *record, struct truth_item *out)
{
    uint8_t rdata[3000];
    *out = (struct truth_item){.soa = record->type == PAPER_SOA};
    if (record->rclass != 1)
        return false;
    if (out->soa) {
        out->value = record->rdata_len == 22 ? paper_u32(record->rdata + 2) : 0;
        return record->rdata_len == 22 && paper_is_name(&record->owner, &z->name) &&
               paper_u32(record->rdata + 6) == z->refresh;
    }
    if (record->type != (z->wide ? PAPER_WIDE : PAPER_A) || record->rdata_len < 4)
        return false;
    out->value = paper_u32(record->rdata);
    return truth_read_owner(z, &record->owner, &out->index) &&
           record->rdata_len == truth_rdata(z, out->value, rdata) &&
           memcmp(record->rdata, rdata, record->rdata_len) == 0;
}

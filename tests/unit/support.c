#include "support.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct dns_writer writer_of(struct support_message *s)
{
    struct dns_writer w = dns_wire_writer(s->octets, sizeof(s->octets));

    w.at = s->len;
    return w;
}

static void finish(struct support_message *s, const struct dns_writer *w, enum dns_section section)
{
    uint8_t *count = s->octets + 4 + 2 * section;

    cr_assert_not(w->failed, "the message grows beyond 65535 octets");
    s->len = w->at;
    dns_wire_set_u16_at(count, (uint16_t)(dns_wire_u16_at(count) + 1));
}

struct dns_name support_name(const char *text)
{
    struct dns_name name;

    cr_assert_eq(dns_name_from_text(text, &name), 0, "no name: %s", text);
    return name;
}

void support_header(struct support_message *s, uint16_t id, uint16_t flags)
{
    struct dns_writer w = dns_wire_writer(s->octets, sizeof(s->octets));

    dns_wire_put_u16(&w, id);
    dns_wire_put_u16(&w, flags);
    for (int i = 0; i < DNS_SECTIONS; i++)
        dns_wire_put_u16(&w, 0);
    s->len = w.at;
}

void support_question(struct support_message *s, const char *name, uint16_t type)
{
    struct dns_writer w = writer_of(s);
    struct dns_name qname = support_name(name);

    dns_name_write(&w, &qname);
    dns_wire_put_u16(&w, type);
    dns_wire_put_u16(&w, DNS_CLASS_IN);
    finish(s, &w, DNS_QUESTION);
}

static void put_owner(struct dns_writer *w, const struct support_record *record)
{
    struct dns_name owner = support_name(record->name ? record->name : ".");

    dns_wire_put_octets(w, owner.octets, owner.len - 1U);
    if (record->pointer)
        dns_wire_put_u16(w, 0xc000 | record->pointer);
    else
        dns_wire_put_u8(w, 0);
}

size_t support_add(struct support_message *s, const struct support_record *record)
{
    struct dns_writer w = writer_of(s);
    size_t at = w.at;

    put_owner(&w, record);
    dns_wire_put_u16(&w, record->type);
    dns_wire_put_u16(&w, record->rclass ? record->rclass : DNS_CLASS_IN);
    dns_wire_put_u32(&w, record->ttl);
    dns_wire_put_u16(&w, record->rdata_len);
    dns_wire_put_octets(&w, record->rdata, record->rdata_len);
    finish(s, &w, record->section);
    return at;
}

static void put_below(struct dns_writer *w, const char *label, const char *name)
{
    char text[DNS_NAME_TEXT_SIZE];
    struct dns_name full;

    snprintf(text, sizeof(text), "%s.%s", label, strcmp(name, ".") == 0 ? "" : name);
    full = support_name(text);
    dns_name_write(w, &full);
}

size_t support_soa(struct support_message *s, enum dns_section section, const char *name,
                   uint32_t serial)
{
    uint8_t rdata[2 * DNS_NAME_MAX + 20];
    struct dns_writer w = dns_wire_writer(rdata, sizeof(rdata));

    put_below(&w, "ns", name);
    put_below(&w, "hostmaster", name);
    dns_wire_put_u32(&w, serial);
    dns_wire_put_u32(&w, 3600);
    dns_wire_put_u32(&w, 600);
    dns_wire_put_u32(&w, 86400);
    dns_wire_put_u32(&w, 300);
    return support_add(s, &(struct support_record){.section = section,
                                                   .name = name,
                                                   .type = DNS_TYPE_SOA,
                                                   .ttl = 3600,
                                                   .rdata = rdata,
                                                   .rdata_len = (uint16_t)w.at});
}

size_t support_a(struct support_message *s, enum dns_section section, const char *name)
{
    return support_add(s, &(struct support_record){.section = section,
                                                   .name = name,
                                                   .type = 1,
                                                   .ttl = 3600,
                                                   .rdata = "\xc0\x00\x02\x01",
                                                   .rdata_len = 4});
}

size_t support_opt(struct support_message *s, uint16_t payload, const void *options, uint16_t len)
{
    return support_add(s, &(struct support_record){.section = DNS_ADDITIONAL,
                                                   .type = DNS_TYPE_OPT,
                                                   .rclass = payload,
                                                   .rdata = options,
                                                   .rdata_len = len});
}

struct dns_message support_parse(const struct support_message *s)
{
    struct dns_message m;

    cr_assert_eq(dns_message_parse(s->octets, s->len, &m), 0, "the message does not parse");
    return m;
}

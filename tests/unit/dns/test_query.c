#include "dns/query.h"

#include <criterion/criterion.h>

#include "support.h"

Test(dns_query, is_one_question)
{
    static uint8_t octets[DNS_QUERY_MAX];
    struct dns_name name = support_name("foo.example");
    struct dns_writer w = dns_wire_writer(octets, sizeof octets);
    struct dns_message m;
    dns_query_write(&w, &name, DNS_TYPE_SOA, 0);
    cr_assert_eq(dns_message_parse(octets, w.at, &m), 0);
    cr_expect(dns_name_equal(&m.qname, &name));
    cr_expect_eq(m.qtype, DNS_TYPE_SOA);
    cr_expect_eq(m.qclass, DNS_CLASS_IN);
    cr_expect_eq(m.flags, 0);
    cr_expect_eq(m.opt_len, 0);
}

Test(dns_query, offers_a_payload_size)
{
    static uint8_t octets[DNS_QUERY_MAX];
    struct dns_name name = support_name(".");
    struct dns_writer w = dns_wire_writer(octets, sizeof octets);
    struct dns_message m;
    dns_query_write(&w, &name, DNS_TYPE_AXFR, 1232);
    cr_assert_eq(dns_message_parse(octets, w.at, &m), 0);
    cr_expect_eq(m.opt_payload, 1232);
}

Test(dns_query, any_name_has_room)
{
    static uint8_t octets[DNS_QUERY_MAX];
    struct dns_name name = {.len = DNS_NAME_MAX};
    struct dns_writer w = dns_wire_writer(octets, sizeof octets);
    for (unsigned i = 0; i + 1 < DNS_NAME_MAX; i += 2)
        name.octets[i] = 1;
    dns_query_write(&w, &name, DNS_TYPE_SOA, 512);
    cr_expect(!w.failed);
    cr_expect_eq(w.at, DNS_QUERY_MAX);
}

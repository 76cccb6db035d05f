#include "dns/wire.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t SIXTEEN[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

Test(dns_wire, reads_big_endian)
{
    struct dns_reader r = dns_wire_reader(SIXTEEN + 1, 15);

    cr_expect_eq(dns_wire_get_u8(&r), 0x01);
    cr_expect_eq(dns_wire_get_u16(&r), 0x0203);
    cr_expect_eq(dns_wire_get_u32(&r), 0x04050607);
    cr_expect_eq(dns_wire_get_u48(&r), 0x08090a0b0c0d);
    cr_expect_eq(dns_wire_get_octets(&r, 2), SIXTEEN + 14);
    cr_expect_eq(r.at, 15);
    cr_expect_not(r.failed);
}

Test(dns_wire, read_beyond_the_end_fails_and_stays_failed)
{
    struct dns_reader r = dns_wire_reader(SIXTEEN + 1, 3);

    cr_expect_eq(dns_wire_get_u32(&r), 0);
    cr_expect(r.failed);
    cr_expect_eq(dns_wire_get_u8(&r), 0, "an octet is there, but the error is sticky");
    cr_expect_null(dns_wire_get_octets(&r, 1));
    cr_expect_eq(r.at, 0);
}

Test(dns_wire, hash_tells_octets_order_and_length_apart)
{
    static const uint8_t turned[16] = {8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7};
    static const uint8_t zeros[16];

    cr_expect_eq(dns_wire_hash(1, SIXTEEN, 16), dns_wire_hash(1, SIXTEEN, 16));
    cr_expect_neq(dns_wire_hash(1, SIXTEEN, 16), dns_wire_hash(2, SIXTEEN, 16));
    cr_expect_neq(dns_wire_hash(1, SIXTEEN, 16), dns_wire_hash(1, turned, 16));
    for (size_t len = 1; len < 16; len++)
        cr_expect_neq(dns_wire_hash(1, zeros, len), dns_wire_hash(1, zeros, len + 1));
}

Test(dns_wire, length_near_size_max_does_not_wrap)
{
    struct dns_reader r = dns_wire_reader(SIXTEEN, 16);
    uint8_t room[4];
    struct dns_writer w = dns_wire_writer(room, sizeof(room));

    dns_wire_get_u8(&r);
    cr_expect_null(dns_wire_get_octets(&r, SIZE_MAX));
    dns_wire_put_u8(&w, 1);
    dns_wire_put_octets(&w, SIXTEEN, SIZE_MAX);
    cr_expect(w.failed);
    cr_expect_eq(w.at, 1);
}

Test(dns_wire, nothing_can_be_read_at_the_very_end)
{
    struct dns_reader r = dns_wire_reader(SIXTEEN, 2);

    dns_wire_get_u16(&r);
    cr_expect_not_null(dns_wire_get_octets(&r, 0));
    cr_expect_not(r.failed);
    dns_wire_get_u8(&r);
    cr_expect(r.failed);
}

Test(dns_wire, writes_big_endian)
{
    uint8_t room[15];
    struct dns_writer w = dns_wire_writer(room, sizeof(room));

    dns_wire_put_u8(&w, 0x01);
    dns_wire_put_u16(&w, 0x0203);
    dns_wire_put_u32(&w, 0x04050607);
    dns_wire_put_u48(&w, 0x08090a0b0c0d);
    dns_wire_put_octets(&w, SIXTEEN + 14, 2);
    cr_expect_eq(w.at, 15);
    cr_expect_not(w.failed);
    cr_expect_eq(memcmp(room, SIXTEEN + 1, 15), 0);
}

Test(dns_wire, write_beyond_the_room_writes_nothing_and_stays_failed)
{
    uint8_t room[4] = {9, 9, 9, 9};
    struct dns_writer w = dns_wire_writer(room, 3);

    dns_wire_put_u32(&w, 0);
    cr_expect(w.failed);
    dns_wire_put_u8(&w, 0);
    dns_wire_put_octets(&w, SIXTEEN, 1);
    cr_expect_eq(w.at, 0);
    cr_expect_eq(memcmp(room, "\x09\x09\x09\x09", 4), 0);
}

Test(dns_wire, no_octets_may_be_written_from_null)
{
    uint8_t room[1];
    struct dns_writer w = dns_wire_writer(room, 0);

    dns_wire_put_octets(&w, NULL, 0);
    cr_expect_not(w.failed);
}

Test(dns_wire, sets_and_reads_two_octets_unchecked)
{
    uint8_t room[2];

    dns_wire_set_u16_at(room, 0xfe01);
    cr_expect_eq(room[0], 0xfe);
    cr_expect_eq(dns_wire_u16_at(room), 0xfe01);
}

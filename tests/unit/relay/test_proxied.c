#include "relay/proxied.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Version 2, PROXY, TCP over IPv4: 192.0.2.1@4660 has called 198.51.100.1@853. */
static const uint8_t ipv4[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49,
                               0x54, 0x0a, 0x21, 0x11, 0x00, 0x0c, 192,  0,    2,    1,
                               198,  51,   100,  1,    0x12, 0x34, 0x03, 0x55};

static uint8_t header[PROXIED_BEGIN + 65536];
static size_t header_len;

static void begin(uint8_t command, uint8_t family, uint16_t rest)
{
    memcpy(header, ipv4, PROXIED_BEGIN);
    header[12] = command;
    header[13] = family;
    header[14] = (uint8_t)(rest >> 8);
    header[15] = (uint8_t)rest;
    memset(header + PROXIED_BEGIN, 0, rest);
    header_len = PROXIED_BEGIN + (size_t)rest;
}

/* In pieces of so many octets, as far as it goes on. */
static enum proxied_state read_by(struct proxied *p, size_t piece)
{
    enum proxied_state state = PROXIED_MORE;
    size_t at = 0;
    *p = (struct proxied){0};
    while (state == PROXIED_MORE && at < header_len) {
        size_t len = proxied_wants(p) < piece ? proxied_wants(p) : piece;
        if (len > header_len - at)
            len = header_len - at;
        state = proxied_take(p, header + at, len);
        at += len;
    }
    return state;
}

static enum proxied_state read_all(struct proxied *p)
{
    enum proxied_state whole = read_by(p, sizeof header);
    for (size_t piece = 1; piece < 20; piece++)
        cr_expect_eq(read_by(p, piece), whole, "in pieces of %zu", piece);
    return whole;
}

static void expect_source(const char *text)
{
    struct proxied p;
    char found[ADDRESS_TEXT_SIZE];
    cr_assert_eq(read_all(&p), PROXIED_CLIENT);
    struct address source = proxied_source(&p);
    cr_expect_str_eq(address_to_text(&source, found), text);
}

static void expect_state(enum proxied_state state)
{
    struct proxied p;
    cr_expect_eq(read_all(&p), state);
}

Test(proxied, M2b_the_source_is_who_asks)
{
    memcpy(header, ipv4, header_len = sizeof ipv4);
    expect_source("192.0.2.1@4660");
    begin(0x21, 0x21, 36);
    memcpy(header + 16, (uint8_t[]){0x20, 0x01, 0x0d, 0xb8, [15] = 9}, 16);
    memcpy(header + 48, (uint8_t[]){0xff, 0xff}, 2);
    expect_source("2001:db8::9@65535");
}

Test(proxied, M2b_a_mapped_source_is_ipv4)
{
    begin(0x21, 0x21, 36);
    memcpy(header + 16, (uint8_t[]){[10] = 0xff, 0xff, 192, 0, 2, 1}, 16);
    expect_source("192.0.2.1");
}

Test(proxied, no_octet_behind_it_is_wanted)
{
    struct proxied p = {0};
    memcpy(header, ipv4, header_len = sizeof ipv4);
    for (size_t i = 0; i < header_len; i++) {
        cr_expect_eq(proxied_wants(&p), i < 16 ? 16 - i : header_len - i, "%zu", i);
        cr_expect_eq(proxied_take(&p, header + i, 1),
                     i + 1 < header_len ? PROXIED_MORE : PROXIED_CLIENT);
    }
    cr_expect_eq(proxied_wants(&p), 0);
}

Test(proxied, M2b_a_balancer_may_speak_for_itself)
{
    static const uint8_t families[] = {0x00, 0x11, 0x21, 0x31, 0xff};
    for (size_t i = 0; i < sizeof families; i++) {
        begin(0x20, families[i], 0);
        expect_state(PROXIED_ITSELF);
        begin(0x20, families[i], 300);
        expect_state(PROXIED_ITSELF);
    }
}

Test(proxied, what_stands_behind_the_addresses_is_passed_over)
{
    begin(0x21, 0x11, PROXIED_MOST);
    memcpy(header + 16, ipv4 + 16, 12);
    memset(header + 28, 0xee, PROXIED_MOST - 12);
    expect_source("192.0.2.1@4660");
}

Test(proxied, M2b_too_long_a_header_is_not_waited_for)
{
    begin(0x21, 0x11, PROXIED_MOST + 1);
    expect_state(PROXIED_MALFORMED);
    begin(0x20, 0x00, 65535);
    expect_state(PROXIED_MALFORMED);
}

Test(proxied, M2b_too_short_for_its_addresses_is_malformed)
{
    begin(0x21, 0x11, 11);
    expect_state(PROXIED_MALFORMED);
    begin(0x21, 0x21, 35);
    expect_state(PROXIED_MALFORMED);
}

/* UNSPEC, UDP, Unix sockets, and what is none at all. */
Test(proxied, M2b_who_has_no_address_over_tcp_is_not_taken)
{
    for (unsigned family = 0; family < 256; family++) {
        begin(0x21, (uint8_t)family, 216);
        expect_state(family == 0x11 || family == 0x21 ? PROXIED_CLIENT : PROXIED_MALFORMED);
    }
}

Test(proxied, M2b_other_versions_and_commands_are_malformed)
{
    for (unsigned command = 0; command < 256; command++) {
        begin((uint8_t)command, 0x11, 12);
        expect_state(command == 0x20   ? PROXIED_ITSELF
                     : command == 0x21 ? PROXIED_CLIENT
                                       : PROXIED_MALFORMED);
    }
}

/* At the first octet that shows it. */
Test(proxied, M2b_anything_else_is_no_header)
{
    static const char *const others[] = {"PROXY TCP4 192.0.2.1 198.51.100.1 4660 853\r\n",
                                         "\r\n\r\n\r\r\nQUIT\n", "\x16\x03\x01", "GET / HTTP/1.1"};
    struct proxied p;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        header_len = strlen(others[i]);
        memcpy(header, others[i], header_len);
        expect_state(PROXIED_NONE);
    }
    memset(header, 0, header_len = 29); /* a DNS message of 27 octets */
    header[1] = 27;
    expect_state(PROXIED_NONE);
    for (size_t i = 0; i < 12; i++) {
        memcpy(header, ipv4, header_len = sizeof ipv4);
        header[i] ^= 0x20;
        cr_expect_eq(read_by(&p, 1), PROXIED_NONE);
        cr_expect_eq(p.len, i + 1);
    }
}

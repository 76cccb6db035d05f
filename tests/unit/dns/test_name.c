#include "dns/name.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define L61 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi"

/* Reads at an offset of octets that end where the heap block does, so that ASan sees every slip. */
static int read_at(const void *octets, size_t len, size_t at, struct dns_name *out)
{
    uint8_t *copy = memcpy(malloc(len), octets, len);
    struct dns_reader read = dns_wire_reader(copy, len);
    struct dns_reader skip;
    int err;

    read.at = at;
    skip = read;
    err = dns_name_read(&read, out);
    cr_expect_eq(dns_name_skip(&skip), err, "skipping judges otherwise than reading");
    cr_expect_eq(read.failed, err != 0);
    cr_expect_eq(skip.failed, err != 0);
    cr_expect_eq(skip.at, read.at);
    free(copy);
    return err;
}

/* The same behind a message header: what was offset 0 is 12 for pointers. */
static int read_behind_header(const void *octets, size_t len, size_t at, struct dns_name *out)
{
    uint8_t message[12 + 512] = {0};

    memcpy(message + 12, octets, len);
    return read_at(message, 12 + len, 12 + at, out);
}

static void expect_text(const struct dns_name *name, const char *text)
{
    char out[DNS_NAME_TEXT_SIZE];

    cr_expect_str_eq(dns_name_to_text(name, out), text);
}

Test(dns_name, reads_plain_and_compressed_names)
{
    static const uint8_t wire[] = "\3foo\2Ex\0\1a\xc0\x10\xc0\x14\xc0\x18";
    struct dns_name name;

    cr_assert_eq(read_behind_header(wire, 16, 0, &name), 0);
    expect_text(&name, "foo.Ex");
    cr_assert_eq(read_behind_header(wire, 16, 8, &name), 0);
    expect_text(&name, "a.Ex");
    cr_assert_eq(read_behind_header(wire, 16, 14, &name), 0);
    expect_text(&name, "a.Ex");
    cr_assert_eq(read_behind_header(wire, 16, 7, &name), 0);
    expect_text(&name, ".");
}

Test(dns_name, stands_behind_the_first_pointer_after_reading)
{
    static const uint8_t wire[] = "HEADERHEADER\1a\0\xc0\14\1b\xc0\17\xff";
    struct dns_reader r = dns_wire_reader(wire, 22);
    struct dns_name name;

    r.at = 17;
    cr_assert_eq(dns_name_read(&r, &name), 0);
    cr_expect_eq(r.at, 21);
    expect_text(&name, "b.a");
}

Test(dns_name, refuses_pointer_loops)
{
    struct dns_name name;

    cr_expect_eq(read_behind_header("\xc0\14", 2, 0, &name), DNS_EFORMAT, "to itself");
    cr_expect_eq(read_behind_header("\1a\xc0\14", 4, 0, &name), DNS_EFORMAT, "to its own labels");
    cr_expect_eq(read_behind_header("\xc0\16\xc0\14", 4, 2, &name), DNS_EFORMAT, "to and fro");
    cr_expect_eq(read_behind_header("\xc0\16\0", 3, 0, &name), DNS_EFORMAT, "forward");
    cr_expect_eq(read_behind_header("\xc0\16\0\xc0\14", 5, 3, &name), DNS_EFORMAT,
                 "back, then forward");
    cr_expect_eq(read_behind_header("\1a\0\xc1\0", 5, 3, &name), DNS_EFORMAT, "out of the octets");
}

Test(dns_name, refuses_pointers_into_the_header)
{
    static const uint8_t wire[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\xc0\13\xc0\14";
    struct dns_name name;

    cr_expect_eq(read_at(wire, 17, 13, &name), DNS_EFORMAT, "ARCOUNT's last octet");
    cr_expect_eq(read_at(wire, 17, 15, &name), 0, "the first octet behind it");
}

/* "\1a" then the pointer's own octets as a label: what follows is no prior occurrence. */
Test(dns_name, refuses_names_that_run_on_behind_their_pointer)
{
    static const uint8_t wire[] = "\4abc\xc0\14\0";
    static const uint8_t honest[] = "\3abc\0\xc0\14";
    struct dns_name name;

    cr_expect_eq(read_behind_header(wire, 7, 4, &name), DNS_EFORMAT);
    cr_expect_eq(read_behind_header(honest, 7, 5, &name), 0);
}

Test(dns_name, refuses_names_that_end_early)
{
    struct dns_name name;

    cr_expect_eq(read_at("\3foo", 4, 0, &name), DNS_EFORMAT, "no root");
    cr_expect_eq(read_at("\4foo", 4, 0, &name), DNS_EFORMAT, "label cut");
    cr_expect_eq(read_at("\0\xc0", 2, 1, &name), DNS_EFORMAT, "pointer cut");
    cr_expect_eq(read_at("\0", 1, 1, &name), DNS_EFORMAT, "nothing there");
}

Test(dns_name, refuses_the_other_label_types)
{
    uint8_t wire[256] = {0, 0x40};
    struct dns_name name;

    cr_expect_eq(read_at(wire, sizeof(wire), 1, &name), DNS_EFORMAT);
    wire[1] = 0x80;
    cr_expect_eq(read_at(wire, sizeof(wire), 1, &name), DNS_EFORMAT);
}

Test(dns_name, has_255_octets_at_most)
{
    static const char longest[] = "\77" L63 "\77" L63 "\77" L63 "\75" L61;
    static const char too_long[] = "\77" L63 "\77" L63 "\77" L63 "\76" L61 "x";
    struct dns_name name;
    uint8_t compressed[512];

    cr_assert_eq(read_at(longest, 255, 0, &name), 0);
    cr_expect_eq(name.len, 255);
    cr_expect_eq(read_at(too_long, 256, 0, &name), DNS_EFORMAT);
    memcpy(compressed, longest, 255);
    memcpy(compressed + 255, "\1b\xc0\14", 4);
    cr_expect_eq(read_behind_header(compressed, 259, 255, &name), DNS_EFORMAT,
                 "pointers do not help");
}

Test(dns_name, bounds_chains_of_pointers)
{
    uint8_t wire[1 + 2 * 128] = {0};
    struct dns_name name;

    for (unsigned i = 0; i < 128; i++)
        dns_wire_set_u16_at(wire + 1 + 2 * i, (uint16_t)(0xc000 | (12 + (i ? 2 * i - 1 : 0))));
    cr_expect_eq(read_behind_header(wire, sizeof(wire), 1 + 2 * 126, &name), 0, "127 pointers");
    cr_expect_eq(read_behind_header(wire, sizeof(wire), 1 + 2 * 127, &name), DNS_EFORMAT,
                 "128 pointers");
}

Test(dns_name, leaves_the_output_alone_on_failure)
{
    struct dns_name name = {.len = 77, .octets = "as it was"};
    struct dns_reader r = dns_wire_reader((const uint8_t *)"\1a\1b", 4);

    cr_expect_eq(dns_name_read(&r, &name), DNS_EFORMAT);
    cr_expect_eq(dns_name_from_text("b..", &name), DNS_EFORMAT);
    cr_expect_eq(name.len, 77);
    cr_expect_str_eq((char *)name.octets, "as it was");
}

Test(dns_name, does_not_read_on_after_a_failure)
{
    struct dns_reader r = dns_wire_reader((const uint8_t *)"\0", 1);
    struct dns_name name;

    r.failed = true;
    cr_expect_eq(dns_name_read(&r, &name), DNS_EFORMAT);
    cr_expect_eq(dns_name_skip(&r), DNS_EFORMAT);
}

Test(dns_name, takes_master_file_text)
{
    static const struct {
        const char *text;
        const char *wire;
        size_t len;
    } cases[] = {
        {".", "", 1},
        {"a", "\1a", 3},
        {"a.", "\1a", 3},
        {"Foo.Example", "\3Foo\7Example", 13},
        {"*._x-1", "\1*\4_x-1", 8},
        {"a\\.b.c", "\3a.b\1c", 7},
        {"\\000\\255\\\\", "\3\0\377\\", 5},
        {"\\0461", "\2.1", 4},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct dns_name name = support_name(cases[i].text);

        cr_expect_eq(name.len, cases[i].len, "%s", cases[i].text);
        cr_expect_eq(memcmp(name.octets, cases[i].wire, cases[i].len), 0, "%s", cases[i].text);
    }
}

Test(dns_name, refuses_bad_text)
{
    static const char *const cases[] = {
        "",         "..",  ".a",   "a..b",  "a..",   "a b",    "a\tb",    "a\n",     "\x7f",
        "\xc3\xa4", "a\\", "\\25", "\\256", "\\2x5", L63 "x.", L63 "\\x", "a.\\999",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct dns_name name;

        cr_expect_eq(dns_name_from_text(cases[i], &name), DNS_EFORMAT, "%s", cases[i]);
    }
}

Test(dns_name, text_has_255_octets_at_most)
{
    static const char dot[] = ".";
    char text[DNS_NAME_TEXT_SIZE] = L63 "." L63 "." L63 "." L61;
    struct dns_name name = support_name(text);

    cr_expect_eq(name.len, 255);
    cr_expect_eq(dns_name_from_text(strcat(text, dot), &name), 0);
    text[strlen(text) - 1] = 'x';
    cr_expect_eq(dns_name_from_text(text, &name), DNS_EFORMAT);
}

Test(dns_name, text_comes_back_escaped)
{
    struct dns_name name = support_name("a\\.b\\;\\\"\\(\\)\\@\\$\\\\.\\032\\127\\200\\000.~");

    expect_text(&name, "a\\.b\\;\\\"\\(\\)\\@\\$\\\\.\\032\\127\\200\\000.~");
}

Test(dns_name, the_longest_text_has_room)
{
    struct dns_name name = {.len = 255};
    char out[DNS_NAME_TEXT_SIZE];

    name.octets[0] = name.octets[64] = name.octets[128] = 63;
    name.octets[192] = 61;
    cr_expect_eq(strlen(dns_name_to_text(&name, out)), 4 * 250 + 3);
}

Test(dns_name, writes_without_compression)
{
    struct dns_name name = support_name("a.b");
    uint8_t room[5];
    struct dns_writer w = dns_wire_writer(room, sizeof(room));

    dns_name_write(&w, &name);
    cr_expect_eq(w.at, 5);
    cr_expect_eq(memcmp(room, "\1a\1b", 5), 0);
    dns_name_write(&w, &name);
    cr_expect(w.failed);
}

Test(dns_name, lowers_ascii_letters_alone)
{
    struct dns_name name = support_name("AZ[@`az.\\192\\222");

    dns_name_lower(&name);
    expect_text(&name, "az[\\@`az.\\192\\222");
}

Test(dns_name, compares_without_case)
{
    struct dns_name a = support_name("WWW.example");
    struct dns_name b = support_name("www.EXAMPLE");
    struct dns_name c = support_name("www.exampl\\@");
    struct dns_name d = support_name("www.exampl\\`");
    struct dns_name e = support_name("www\\.example");
    struct dns_name none = {.len = 0};

    cr_expect(dns_name_equal(&a, &b));
    cr_expect_not(dns_name_equal(&c, &d), "@ and ` differ as letters of two cases do");
    cr_expect_not(dns_name_equal(&a, &c));
    cr_expect_not(dns_name_equal(&a, &e));
    cr_expect_not(dns_name_equal(&none, &a), "no question");
}

Test(dns_name, knows_what_lies_below)
{
    static const struct {
        const char *name;
        const char *suffix;
        bool below;
    } cases[] = {
        {"a.Example", "eXample", true},
        {"a.b.example", "example", true},
        {"example", "example", false},
        {"example", "a.example", false},
        {"badexample", "example", false},
        {"a.example", ".", true},
        {".", ".", false},
        {"a.b", "c", false},
        {"x\\007example", "example", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct dns_name name = support_name(cases[i].name);
        struct dns_name suffix = support_name(cases[i].suffix);

        cr_expect_eq(dns_name_below(&name, &suffix), cases[i].below, "%s", cases[i].name);
    }
}

Test(dns_name, nothing_lies_below_a_missing_question)
{
    struct dns_name name = support_name("a");
    struct dns_name none = {.len = 0};

    cr_expect_not(dns_name_below(&name, &none));
    cr_expect_not(dns_name_below(&none, &name));
}

#include "dns/frame.h"

#include <criterion/criterion.h>
#include <string.h>

/* Puts octets into the frame buffer as the network would, at most `chunk` at a time. */
static void receive(struct dns_frame *f, const void *octets, size_t len, size_t chunk)
{
    const uint8_t *from = octets;

    while (len > 0) {
        uint8_t *room;
        size_t n;

        cr_assert_eq(dns_frame_room(f, 8, &room, &n), 0);
        cr_assert_geq(n, 1);
        n = n < chunk ? n : chunk;
        n = n < len ? n : len;
        memcpy(room, from, n);
        dns_frame_filled(f, n);
        from += n;
        len -= n;
    }
}

static void expect_message(struct dns_frame *f, const char *text)
{
    uint8_t *octets;
    size_t len;

    cr_assert(dns_frame_next(f, &octets, &len));
    cr_expect_eq(len, strlen(text));
    cr_expect_eq(memcmp(octets, text, len), 0);
}

/* Nothing whole, and maybe a part. */
static void expect_none(struct dns_frame *f, bool partial)
{
    uint8_t *octets;
    size_t len;

    cr_expect_not(dns_frame_next(f, &octets, &len));
    cr_expect_eq(dns_frame_is_empty(f), !partial);
}

Test(dns_frame, empty_has_nothing)
{
    struct dns_frame f = {0};

    expect_none(&f, false);
    dns_frame_fini(&f);
    cr_expect_null(f.octets);
}

Test(dns_frame, assembles_octet_by_octet)
{
    static const char wire[] = "\0\5hello";
    struct dns_frame f = {0};

    for (size_t i = 0; i < 6; i++) {
        receive(&f, wire + i, 1, 1);
        expect_none(&f, true);
    }
    receive(&f, wire + 6, 1, 1);
    cr_expect_not(dns_frame_is_empty(&f), "a whole message is waiting");
    expect_message(&f, "hello");
    expect_none(&f, false);
    dns_frame_fini(&f);
}

Test(dns_frame, hands_out_all_that_came_at_once)
{
    struct dns_frame f = {0};
    uint8_t *room;
    size_t len;

    cr_assert_eq(dns_frame_room(&f, 64, &room, &len), 0);
    cr_expect_eq(len, 64);
    memcpy(room, "\0\1a\0\0\0\2bc\0\3de", 13);
    dns_frame_filled(&f, 13);
    cr_expect_not(dns_frame_is_empty(&f));
    expect_message(&f, "a");
    expect_message(&f, "");
    expect_message(&f, "bc");
    expect_none(&f, true);
    receive(&f, "f", 1, 1);
    expect_message(&f, "def");
    expect_none(&f, false);
    receive(&f, "\0\1a\0\1b", 6, 6);
    cr_expect_not(dns_frame_is_empty(&f), "two whole messages");
    dns_frame_fini(&f);
}

Test(dns_frame, M5_has_no_room_for_a_message_above_its_limit)
{
    struct dns_frame f = {.limit = 512};
    uint8_t *room;
    size_t len;

    receive(&f, "\2\1", 2, 64);
    cr_expect_eq(dns_frame_room(&f, 64, &room, &len), DNS_ESPACE);
    dns_frame_fini(&f);
    f.limit = 513;
    receive(&f, "\2\1", 2, 64);
    cr_expect_eq(dns_frame_room(&f, 64, &room, &len), 0);
    dns_frame_fini(&f);
}

Test(dns_frame, hands_out_in_place)
{
    struct dns_frame f = {0};
    uint8_t *room, *octets;
    size_t len;

    cr_assert_eq(dns_frame_room(&f, 16, &room, &len), 0);
    memcpy(room, "\0\2hi", 4);
    dns_frame_filled(&f, 4);
    cr_assert(dns_frame_next(&f, &octets, &len));
    cr_expect_eq(octets, room + 2);
    dns_frame_fini(&f);
}

Test(dns_frame, uses_the_whole_buffer_again_once_empty)
{
    struct dns_frame f = {0};
    uint8_t *room;
    size_t len;

    receive(&f, "\0\6abcdef", 8, 8);
    expect_message(&f, "abcdef");
    cr_assert_eq(dns_frame_room(&f, 8, &room, &len), 0);
    cr_expect_eq(len, 8);
    cr_expect_eq(room, f.octets);
    dns_frame_fini(&f);
}

Test(dns_frame, grows_to_the_frame_and_no_further)
{
    static uint8_t wire[DNS_FRAME_MAX] = {0xff, 0xff};
    struct dns_frame f = {0};
    uint8_t *octets;
    size_t len;

    memset(wire + 2, 'x', DNS_MESSAGE_MAX);
    receive(&f, wire, 2, 2);
    cr_expect_eq(f.size, 8);
    receive(&f, wire + 2, sizeof(wire) - 2, 1000);
    cr_expect_eq(f.size, DNS_FRAME_MAX);
    cr_assert(dns_frame_next(&f, &octets, &len));
    cr_expect_eq(len, DNS_MESSAGE_MAX);
    cr_expect_arr_eq(octets, wire + 2, DNS_MESSAGE_MAX);
    receive(&f, wire, sizeof(wire), SIZE_MAX);
    cr_expect_eq(f.size, DNS_FRAME_MAX);
    dns_frame_fini(&f);
}

Test(dns_frame, may_begin_with_one_octet)
{
    struct dns_frame f = {0};
    uint8_t *room;
    size_t len;

    cr_assert_eq(dns_frame_room(&f, 1, &room, &len), 0);
    cr_expect_geq(len, 1);
    receive(&f, "\0\1a", 3, 1);
    expect_message(&f, "a");
    dns_frame_fini(&f);
}

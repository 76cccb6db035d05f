#include "dns/frame.h"

#include <criterion/criterion.h>
#include <string.h>

static uint8_t room[DNS_FRAME_MAX];

/* Puts octets into the frame buffer as the network would, at most `chunk` at a time. */
static void receive(struct dns_frame *f, const void *octets, size_t len, size_t chunk)
{
    const uint8_t *from = octets;

    while (len > 0) {
        uint8_t *at;
        size_t n;

        cr_assert_eq(dns_frame_keep(f), 0);
        memset(room, 0xee, sizeof room); /* it was others' meanwhile */
        cr_assert_eq(dns_frame_lend(f, room, 8, &at, &n), 0);
        cr_assert_geq(n, 1);
        n = n < chunk ? n : chunk;
        n = n < len ? n : len;
        memcpy(at, from, n);
        dns_frame_filled(f, room, n);
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
    cr_expect_null(f.kept);
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
    uint8_t *at;
    size_t len;

    cr_assert_eq(dns_frame_lend(&f, room, 64, &at, &len), 0);
    cr_expect_eq(len, 64);
    memcpy(at, "\0\1a\0\0\0\2bc\0\3de", 13);
    dns_frame_filled(&f, room, 13);
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
    uint8_t *at;
    size_t len;

    receive(&f, "\2\1", 2, 64);
    cr_assert_eq(dns_frame_keep(&f), 0);
    cr_expect_eq(dns_frame_lend(&f, room, 64, &at, &len), DNS_ESPACE);
    f.limit = 513;
    cr_expect_eq(dns_frame_lend(&f, room, 64, &at, &len), 0);
    dns_frame_fini(&f);
}

Test(dns_frame, hands_out_in_place)
{
    struct dns_frame f = {0};
    uint8_t *at, *octets;
    size_t len;

    cr_assert_eq(dns_frame_lend(&f, room, 16, &at, &len), 0);
    memcpy(at, "\0\2hi", 4);
    dns_frame_filled(&f, room, 4);
    cr_assert(dns_frame_next(&f, &octets, &len));
    cr_expect_eq(octets, room + 2);
    dns_frame_fini(&f);
}

Test(dns_frame, keeps_what_is_left_over_and_no_more)
{
    struct dns_frame f = {0};

    receive(&f, "\0\2hi\0\4wh", 8, 8);
    cr_expect_null(f.kept);
    expect_message(&f, "hi");
    cr_assert_eq(dns_frame_keep(&f), 0);
    cr_assert_not_null(f.kept);
    cr_expect_eq(f.end - f.start, 4);
    receive(&f, "at\0", 3, 3);
    expect_message(&f, "what");
    receive(&f, "\1!", 2, 2);
    expect_message(&f, "!");
    cr_assert_eq(dns_frame_keep(&f), 0);
    cr_expect_null(f.kept);
    dns_frame_fini(&f);
}

Test(dns_frame, keeps_whole_messages_for_who_rests)
{
    struct dns_frame f = {0};

    receive(&f, "\0\1a\0\0\0\1c", 8, 8);
    expect_message(&f, "a");
    cr_assert_eq(dns_frame_keep(&f), 0);
    memset(room, 0xee, sizeof room);
    expect_message(&f, "");
    cr_assert_eq(dns_frame_keep(&f), 0);
    expect_message(&f, "c");
    expect_none(&f, false);
    cr_assert_eq(dns_frame_keep(&f), 0);
    dns_frame_fini(&f);
}

/* Nothing has come, as at an end of file: what is left over stays where it is. */
Test(dns_frame, lends_a_room_in_vain)
{
    struct dns_frame f = {0};
    uint8_t *at;
    size_t len;

    receive(&f, "\0\3ab", 4, 4);
    cr_assert_eq(dns_frame_keep(&f), 0);
    cr_assert_eq(dns_frame_lend(&f, room, 16, &at, &len), 0);
    receive(&f, "c", 1, 1);
    expect_message(&f, "abc");
    dns_frame_fini(&f);
}

Test(dns_frame, lends_room_for_the_message_and_no_further)
{
    static uint8_t wire[DNS_FRAME_MAX] = {0xff, 0xff};
    struct dns_frame f = {0};
    uint8_t *octets, *at;
    size_t len;

    memset(wire + 2, 'x', DNS_MESSAGE_MAX);
    receive(&f, wire, 2, 2);
    cr_assert_eq(dns_frame_keep(&f), 0);
    cr_assert_eq(dns_frame_lend(&f, room, 8, &at, &len), 0);
    cr_expect_eq(len, DNS_MESSAGE_MAX);
    receive(&f, wire + 2, sizeof wire - 2, 1000);
    cr_assert(dns_frame_next(&f, &octets, &len));
    cr_expect_eq(len, DNS_MESSAGE_MAX);
    cr_expect_arr_eq(octets, wire + 2, DNS_MESSAGE_MAX);
    receive(&f, wire, sizeof wire, SIZE_MAX);
    dns_frame_fini(&f);
}

Test(dns_frame, gives_again_what_was_put_back)
{
    struct dns_frame f = {0};
    receive(&f, "\0\3one\0\0", 7, 7);
    expect_message(&f, "one");
    dns_frame_put_back(&f, 3);
    cr_assert_eq(dns_frame_keep(&f), 0);
    expect_message(&f, "one");
    expect_message(&f, "");
    dns_frame_put_back(&f, 0);
    cr_assert_eq(dns_frame_keep(&f), 0);
    expect_message(&f, "");
    dns_frame_fini(&f);
}

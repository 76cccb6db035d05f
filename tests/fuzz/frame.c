/* Octets that arrive in any pieces give the messages that their length prefixes mark off.
 *
 * Input: two octets, how much of the room is lent; an octet, how many sizes of pieces; the
 * sizes, used in turns; the octets of the stream. */
#include "dns/frame.h"

#include <string.h>

#include "fuzz.h"

struct pieces {
    const uint8_t *sizes;
    size_t count;
    size_t turn;
};

static size_t next_size(struct pieces *pieces)
{
    return pieces->count == 0 ? DNS_FRAME_MAX : 1U + pieces->sizes[pieces->turn++ % pieces->count];
}

/* What has been handed out must be what is next in the stream. */
static void take_messages(struct dns_frame *f, struct dns_reader *stream)
{
    uint8_t *octets;
    size_t len;

    while (dns_frame_next(f, &octets, &len)) {
        const uint8_t *wanted;

        FUZZ_CHECK(dns_wire_get_u16(stream) == len);
        wanted = dns_wire_get_octets(stream, len);
        FUZZ_CHECK(!stream->failed && (len == 0 || memcmp(octets, wanted, len) == 0));
        /* A message is the receiver's to alter. */
        if (len > 0)
            memset(octets, 0xff, len);
    }
}

static void receive(struct dns_frame *f, struct pieces *pieces, size_t want,
                    struct dns_reader *stream)
{
    size_t arrived = 0;

    while (arrived < stream->len) {
        static uint8_t room[DNS_FRAME_MAX];
        size_t size = next_size(pieces), room_len;
        uint8_t *to;

        FUZZ_CHECK(dns_frame_lend(f, room, want, &to, &room_len) == 0 && room_len > 0);
        FUZZ_CHECK((size_t)(to - room) + room_len <= DNS_FRAME_MAX);
        if (size > room_len)
            size = room_len;
        if (size > stream->len - arrived)
            size = stream->len - arrived;
        memcpy(to, stream->octets + arrived, size);
        arrived += size;
        dns_frame_filled(f, room, size);
        FUZZ_CHECK(!dns_frame_is_empty(f));
        take_messages(f, stream);
        FUZZ_CHECK(dns_frame_keep(f) == 0);
        memset(room, 0xee, sizeof room); /* it is others' now */
        FUZZ_CHECK(dns_frame_is_empty(f) == (stream->at == arrived));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct dns_reader in = dns_wire_reader(octets, len), stream;
    size_t want = 1U + dns_wire_get_u16(&in);
    struct pieces pieces = {.count = dns_wire_get_u8(&in)};
    struct dns_frame f = {0};

    pieces.sizes = dns_wire_get_octets(&in, pieces.count);
    if (in.failed)
        return 0;
    stream = dns_wire_reader(octets + in.at, len - in.at);
    receive(&f, &pieces, want, &stream);
    /* Nothing whole is kept back. */
    FUZZ_CHECK(stream.len - stream.at < 2 ||
               stream.len - stream.at - 2 < dns_wire_u16_at(stream.octets + stream.at));
    dns_frame_fini(&f);
    return 0;
}

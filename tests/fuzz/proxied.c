/* What a balancer says of who is behind it is the same in whatever pieces it comes, ends where its
 * length says, and waits for no more than that.
 *
 * Input: an octet, how many sizes of pieces; the sizes, used in turns; the octets that come. */
#include "relay/proxied.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static enum proxied_state take(struct proxied *p, const uint8_t *octets, size_t len, size_t *used,
                               const uint8_t *sizes, size_t count)
{
    enum proxied_state state = PROXIED_MORE;
    size_t turn = 0;

    *p = (struct proxied){0};
    *used = 0;
    while (state == PROXIED_MORE && *used < len) {
        size_t size = count > 0 ? 1U + sizes[turn++ % count] : len;
        size_t wants = proxied_wants(p);

        FUZZ_CHECK(wants > 0 && p->len + wants <= PROXIED_BEGIN + PROXIED_MOST);
        if (size > wants)
            size = wants;
        if (size > len - *used)
            size = len - *used;
        state = proxied_take(p, octets + *used, size);
        *used += size;
        FUZZ_CHECK(p->len == *used);
    }
    return state;
}

/* By a second reading of the text of the protocol. */
static void check_whole(const struct proxied *p, enum proxied_state state, const uint8_t *octets)
{
    size_t rest = dns_wire_u16_at(octets + 14);

    FUZZ_CHECK(p->len == 16 + rest && rest <= PROXIED_MOST);
    FUZZ_CHECK(memcmp(octets, "\r\n\r\n\0\r\nQUIT\n", 12) == 0);
    FUZZ_CHECK(octets[12] == (state == PROXIED_CLIENT ? 0x21 : 0x20));
    if (state == PROXIED_ITSELF)
        return;
    bool ipv4 = octets[13] == 0x11;
    struct address source = proxied_source(p);
    struct address wanted = address_from_octets(ipv4 ? ADDRESS_IPV4 : ADDRESS_IPV6, octets + 16,
                                                dns_wire_u16_at(octets + (ipv4 ? 24 : 48)));
    FUZZ_CHECK(ipv4 || octets[13] == 0x21);
    FUZZ_CHECK(rest >= (ipv4 ? 12 : 36) && address_equal(&source, &wanted));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct dns_reader in = dns_wire_reader(octets, len);
    size_t count = dns_wire_get_u8(&in), used, used_at_once;
    const uint8_t *sizes = dns_wire_get_octets(&in, count);
    struct proxied p, at_once;
    uint8_t *copy;

    if (in.failed)
        return 0;
    copy = fuzz_rest(&in, &len);
    enum proxied_state state = take(&p, copy, len, &used, sizes, count);
    enum proxied_state whole = take(&at_once, copy, len, &used_at_once, NULL, 0);
    FUZZ_CHECK(state == whole);
    FUZZ_CHECK(state == PROXIED_NONE || used == used_at_once);
    FUZZ_CHECK(state != PROXIED_NONE || used <= used_at_once);
    if (state == PROXIED_CLIENT || state == PROXIED_ITSELF)
        check_whole(&p, state, copy);
    free(copy);
    return 0;
}

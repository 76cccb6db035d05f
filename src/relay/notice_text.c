#include "relay/notice_text.h"

#include <stdlib.h>
#include <string.h>

#include "dns/xfr.h"

int notice_text_init(struct notice_text *text, const struct dns_message *message,
                     const struct address *from, enum relay_transport transport)
{
    uint8_t octets[DNS_NOTIFY_MAX];
    struct dns_writer w = dns_wire_writer(octets, sizeof octets);
    if (!dns_notify_write(message, &w))
        return DNS_ESPACE;
    struct notice_text out = {
        .octets = malloc(w.at),
        .len = w.at,
        .from = *from,
        .transport = transport,
        .id = message->id,
    };
    if (!out.octets)
        return DNS_EMEMORY;
    memcpy(out.octets, octets, w.at);
    out.has_serial = dns_notify_serial(message, &out.serial);
    *text = out;
    return 0;
}

void notice_text_fini(struct notice_text *text)
{
    free(text->octets);
    *text = (struct notice_text){0};
}

void notice_text_move(struct notice_text *to, struct notice_text *from)
{
    notice_text_fini(to);
    *to = *from;
    *from = (struct notice_text){0};
}

bool notice_text_same_hint(const struct notice_text *a, const struct notice_text *b)
{
    return a->has_serial && b->has_serial && a->serial == b->serial;
}

bool notice_text_is_newer(const struct notice_text *a, const struct notice_text *b)
{
    if (!b->octets || !a->has_serial)
        return true;
    return b->has_serial && dns_xfr_serial_newer(a->serial, b->serial);
}

bool notice_text_is_older(const struct notice_text *a, const struct notice_text *b)
{
    return a->has_serial && b->has_serial && dns_xfr_serial_newer(b->serial, a->serial);
}

bool notice_text_is_retry(const struct notice_text *a, const struct notice_text *b)
{
    /* Someone here asks, and means it each time. */
    if (a->from.family == ADDRESS_NONE)
        return false;
    return a->octets && b->octets && a->id == b->id && address_equal(&a->from, &b->from) &&
           a->has_serial == b->has_serial && a->serial == b->serial;
}

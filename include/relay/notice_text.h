/* What one NOTIFY says, as it will be told. */
#ifndef RELAY_NOTICE_TEXT_H
#define RELAY_NOTICE_TEXT_H

#include "config/address.h"
#include "dns/notify.h"
#include "relay/report.h"

/* Zeroed: none. */
struct notice_text {
    uint8_t *octets; /* owned, as dns_notify_write makes them; NULL: none */
    size_t len;
    bool has_serial;
    uint32_t serial;
    struct address from;
    enum relay_transport transport;
    uint16_t id;
    uint64_t came; /* ms */
};

/* DNS_EMEMORY. */
int notice_text_init(struct notice_text *text, const struct dns_message *message,
                     const struct address *from, enum relay_transport transport) MUST_CHECK;
void notice_text_fini(struct notice_text *text); /* leaves none */

/* `from` becomes none, what `to` was is released. */
void notice_text_move(struct notice_text *to, struct notice_text *from);

/* Both say the same version; false when one says none: then it may be any. */
bool notice_text_same_hint(const struct notice_text *a, const struct notice_text *b);
/* `a` is to be told rather than `b`: it says a newer version, or none, and who hears it asks. */
bool notice_text_is_newer(const struct notice_text *a, const struct notice_text *b);
/* Both say a version, and that of `a` is the older one. */
bool notice_text_is_older(const struct notice_text *a, const struct notice_text *b);
/* RFC 1996 section 3.6: the same NOTIFY once more. */
bool notice_text_is_retry(const struct notice_text *a, const struct notice_text *b);

#endif

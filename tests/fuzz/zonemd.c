/* The digest of a zone is the same whatever the order of its messages, and a claim that it bears out
 * is borne out still. What the OPT record says of errors lies within the message.
 *
 * Input: frames, each a message of a transfer. */
#include "dns/zonemd.h"

#include <stdlib.h>

#include "dns/opt.h"
#include "fuzz.h"

#define MESSAGES_MAX 16
#define MOST         (1 << 20)

static void check_error(const struct dns_message *m)
{
    uint16_t ede;
    const char *text;
    size_t len;
    if (!dns_opt_error(m, &ede, &text, &len))
        return;
    const uint8_t *at = (const uint8_t *)text;
    FUZZ_CHECK(at >= m->octets + m->opt_at && at + len <= m->octets + m->opt_at + m->opt_len);
}

/* All messages, from the first on or from the last back. */
static enum dns_zonemd_verdict digest(struct dns_zonemd *z, const struct dns_message *messages,
                                      size_t count, bool back)
{
    enum dns_zonemd_verdict verdict;
    dns_zonemd_init(z, &messages[0].qname, MOST);
    for (size_t i = 0; i < count; i++) {
        int error = dns_zonemd_add(z, &messages[back ? count - 1 - i : i]);
        FUZZ_CHECK(error == 0 || error == DNS_EFORMAT);
    }
    FUZZ_CHECK(dns_zonemd_verify(z, &verdict) == 0);
    return verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct dns_reader in = dns_wire_reader(octets, len);
    struct dns_message messages[MESSAGES_MAX];
    uint8_t *copies[MESSAGES_MAX];
    struct dns_zonemd forth, back;
    size_t count = 0, size;
    while (count < MESSAGES_MAX && (copies[count] = fuzz_frame(&in, &size))) {
        if (dns_message_parse(copies[count], size, &messages[count]) == 0) {
            check_error(&messages[count]);
            count++;
        } else {
            free(copies[count]);
        }
    }
    if (count > 0 && messages[0].qname.len > 0) {
        enum dns_zonemd_verdict one = digest(&forth, messages, count, false);
        enum dns_zonemd_verdict other = digest(&back, messages, count, true);
        bool same = forth.has_serial == back.has_serial && forth.serial == back.serial;
        if (same && forth.claim_count < DNS_ZONEMD_CLAIMS_MAX)
            FUZZ_CHECK(one == other);
        dns_zonemd_fini(&forth);
        dns_zonemd_fini(&back);
    }
    while (count > 0)
        free(copies[--count]);
    return 0;
}

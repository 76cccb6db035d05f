#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_fail(const char *file, int line, const char *text)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
    abort();
}

uint8_t *fuzz_copy(const uint8_t *octets, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    FUZZ_CHECK(copy != NULL);
    if (len > 0)
        memcpy(copy, octets, len);
    return copy;
}

uint8_t *fuzz_rest(const struct dns_reader *in, size_t *len)
{
    *len = in->len - in->at;
    return fuzz_copy(in->octets + in->at, *len);
}

uint8_t *fuzz_frame(struct dns_reader *in, size_t *len)
{
    size_t wanted, left;
    uint8_t *copy;

    if (in->len - in->at < 2)
        return NULL;
    wanted = dns_wire_get_u16(in);
    left = in->len - in->at;
    *len = wanted < left ? wanted : left;
    copy = fuzz_copy(in->octets + in->at, *len);
    in->at += *len;
    return copy;
}

void fuzz_key_init(struct tsig_key *key, struct tsig_mac *mac, const char *algorithm)
{
    static const uint8_t secret[] = "known to nobody but this program";
    struct dns_name name;

    FUZZ_CHECK(dns_name_from_text("key.example", &name) == 0);
    FUZZ_CHECK(
        tsig_key_init(key, &name, tsig_algorithm_by_text(algorithm), secret, sizeof(secret)) == 0);
    FUZZ_CHECK(tsig_mac_init(mac, key) == 0);
}

void fuzz_key_fini(struct tsig_key *key, struct tsig_mac *mac)
{
    tsig_mac_fini(mac);
    tsig_key_fini(key);
}

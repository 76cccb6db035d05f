/* The configuration of all instances of a play. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "play.h"

static void text_write_key(FILE *out, const struct seal_key *key)
{
    uint8_t base64[SEAL_SECRET * 2];
    EVP_EncodeBlock(base64, key->secret, SEAL_SECRET);
    fprintf(out, "[key %s]\nalgorithm = %s\nsecret = %s\n", key->name,
            key->sha512 ? "hmac-sha512" : "hmac-sha256", (const char *)base64);
}

static void text_write_primary(FILE *out, unsigned i, bool other)
{
    const struct primary *p = &play.primaries[i];
    char address[ADDRESS_TEXT_SIZE];
    fprintf(out, "[primary p%u]\naddress = %s\n", i, address_to_text(&p->address, address));
    fprintf(out, "connections = %u\nnotify-rate = %u\n",
            play.plan.connections + (other && play.plan.connections < 50), play.plan.notify_rate);
    if (p->key)
        fprintf(out, "key = %s\n", p->key->name);
    if (p->silent)
        fprintf(out, "poll = 30\n");
}

static void text_write_secondary(FILE *out, unsigned i)
{
    const struct secondary *s = &play.secondaries[i];
    char address[ADDRESS_TEXT_SIZE];
    fprintf(out, "[secondary s%u]\naddress = %s\n", i, address_to_text(&s->address, address));
    fprintf(out, "primary = p%u\n", i % play.plan.primaries);
    if (s->key)
        fprintf(out, "key = %s\n", s->key->name);
    for (size_t z = 0; z < s->copy_count; z++)
        fprintf(out, "zones = %s\n", s->copies[z].zone->text);
}

char *text_write(const struct plan *plan, bool other)
{
    char *text = NULL, address[ADDRESS_TEXT_SIZE];
    size_t len;
    FILE *out = open_memstream(&text, &len);
    fprintf(out, "[proxy]\nstatus-zones = %u\nlisten = ", plan->status_zones);
    struct address moving = net_address(NET_MOVING, 0, 53);
    fprintf(out, "%s", address_to_text(&moving, address));
    for (unsigned i = 0; i < plan->instances; i++)
        fprintf(out, ", %s", address_to_text(&play.instances[i].address, address));
    fprintf(out, "\n");
    for (unsigned i = 0; i < plan->secondaries + plan->primaries; i++)
        text_write_key(out, &play.keys[i]);
    for (unsigned i = 0; i < plan->primaries; i++)
        text_write_primary(out, i, other);
    for (unsigned i = 0; i < plan->secondaries; i++)
        text_write_secondary(out, i);
    /* One more, of which nothing is ever heard; the numbers of all others stay. */
    if (other)
        fprintf(out, "[secondary extra]\naddress = 10.3.200.1\nprimary = p0\n"
                     "key = k0\nzones = *.extra.example\n");
    fclose(out);
    return text;
}

#include "config/long_names.h"

#include <criterion/criterion.h>
#include <string.h>

#include "exchange/world.h"

struct dns_name long_names_of(size_t len)
{
    struct dns_name name = {.len = (uint8_t)len};
    size_t at = 0;

    while (at < len - 1) {
        size_t left = len - 2 - at; /* for this label's octets and what follows */
        size_t label = left > 63 ? 63 : left;

        if (left - label == 1)
            label--;
        name.octets[at] = (uint8_t)label;
        memset(name.octets + at + 1, 'a' + (int)(at % 26), label);
        at += 1 + label;
    }
    return name;
}

const char *long_names_give(size_t len)
{
    static char text[DNS_NAME_TEXT_SIZE];
    struct tsig_key *key = &world.relay->config->keys[0];

    key->name = long_names_of(len);
    dns_name_to_text(&key->name, text);
    cr_assert_eq(support_name(text).len, len);
    return text;
}

#include "config/names.h"

#include <string.h>

static bool names_is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return !*text;
}

/* All octets can be in a name, but these are in it by mistake unless they are escaped. */
static bool names_has_stray(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' && text[1])
            text++;
        else if (strchr("* \t,;\"", *text))
            return true;
    }
    return false;
}

const char *config_name_read(const char *text, struct dns_name *out)
{
    if (!names_is_ascii(text))
        return "is not ASCII; write such names in their xn-- form";
    if (names_has_stray(text) || dns_name_from_text(text, out) < 0)
        return "is no domain name";
    dns_name_lower(out);
    return NULL;
}

bool config_label_is_good(const char *text)
{
    static const char octets[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789-._";
    return !text[strspn(text, octets)];
}

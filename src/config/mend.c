/* Each way to write an address has a function here that knows it, and says how it is written in
 * this configuration. */
#include "mend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/address.h"
#include "dns/name.h"

#define MEND_DIGITS "0123456789"

struct mend {
    enum mend_kind kind;
    const char *text;
    char *out;
};

#define MEND_SAY(m, ...) (snprintf((m)->out, MEND_SIZE, __VA_ARGS__), true)

/* An address without port. */
static bool mend_is_host(const char *text)
{
    struct address a;
    return address_from_text(text, 0, &a) == 0 && a.port == 0;
}

static bool mend_is_port(const char *text)
{
    return *text && !text[strspn(text, MEND_DIGITS)] && strlen(text) <= 5;
}

static bool mend_takes_port(const struct mend *m)
{
    return m->kind != MEND_HOST && m->kind != MEND_PREFIX;
}

/* HOST and PORT, of which the latter may be "". */
static bool mend_say_port(const struct mend *m, const char *host, const char *port)
{
    if (!mend_is_host(host) || (*port && !mend_is_port(port)))
        return false;
    if (!mend_takes_port(m))
        return *port ? MEND_SAY(m, "it takes no port; write %s", host)
                     : MEND_SAY(m, "it stands without brackets; write %s", host);
    return *port ? MEND_SAY(m, "a port stands behind '@'; write %s@%s", host, port)
                 : MEND_SAY(m, "it stands without brackets; write %s", host);
}

/* "192.0.2.1:53", "192.0.2.1#53", "[2001:db8::1]:53", "192.0.2.1@53" where there can be no port. */
static bool mend_port(const struct mend *m)
{
    char copy[ADDRESS_TEXT_SIZE];
    if ((size_t)snprintf(copy, sizeof copy, "%s", m->text) >= sizeof copy)
        return false;
    char *host = copy, *mark = strpbrk(copy, "#@");
    char *close = *copy == '[' ? strchr(copy, ']') : NULL;
    if (close) {
        host++;
        *close = '\0';
        if (!close[1])
            return mend_say_port(m, host, "");
        mark = strchr(":#@", close[1]) ? close + 1 : NULL;
    } else if (!mark && strchr(copy, ':') == strrchr(copy, ':')) {
        mark = strchr(copy, ':');
    }
    if (!mark || (*mark == '@' && !close && mend_takes_port(m)))
        return false;
    *mark = '\0';
    return mend_say_port(m, host, mark + 1);
}

/* Of a prefix with bits past its length, the one that was meant. */
static bool mend_say_network(const struct mend *m, const char *host, const char *length)
{
    struct address a, network;
    char text[ADDRESS_TEXT_SIZE];
    if (!mend_is_host(host) || !mend_is_port(length) || address_from_text(host, 0, &a) < 0)
        return false;
    unsigned long bits = strtoul(length, NULL, 10);
    if (bits > (a.family == ADDRESS_IPV4 ? 32U : 128U))
        return false;
    network = address_network(&a, (unsigned)bits);
    return MEND_SAY(m, "it has bits set past its length; write %s/%lu, or %s for one address",
                    address_to_text(&network, text), bits, host);
}

static bool mend_prefix(const struct mend *m)
{
    char copy[ADDRESS_TEXT_SIZE];
    if ((size_t)snprintf(copy, sizeof copy, "%s", m->text) >= sizeof copy)
        return false;
    char *slash = strchr(copy, '/');
    if (!slash)
        return false;
    *slash = '\0';
    if (m->kind == MEND_PREFIX)
        return mend_say_network(m, copy, slash + 1);
    if (!mend_is_host(copy))
        return false;
    return MEND_SAY(m, "a prefix cannot stand here%s; write %s",
                    m->kind == MEND_SERVER ? ", but in 'from'" : "", copy);
}

static bool mend_is_name(const char *text)
{
    struct dns_name name;
    return text[strspn(text, MEND_DIGITS ".")] && !strpbrk(text, ":/@#*[] \t") &&
           dns_name_from_text(text, &name) == 0;
}

static bool mend_word(const struct mend *m)
{
    const char *any = m->kind == MEND_LISTENER ? "0.0.0.0, :: for all addresses of this host"
                      : m->kind == MEND_PREFIX ? "0.0.0.0/0, ::/0 for any address"
                                               : "the addresses one by one";
    if (strncmp(m->text, "*", 1) == 0)
        return MEND_SAY(m, "'*' is no address; write %s", any);
    if (m->kind == MEND_OPTIONAL &&
        (strcasecmp(m->text, "no") == 0 || strcasecmp(m->text, "off") == 0))
        return MEND_SAY(m, "to have none, leave it empty");
    if (strcasecmp(m->text, "localhost") == 0)
        return MEND_SAY(m, "names are not looked up; write 127.0.0.1 or ::1");
    if (mend_is_name(m->text))
        return MEND_SAY(m, "names are not looked up; write the address");
    if (mend_is_port(m->text) && mend_takes_port(m))
        return MEND_SAY(m, "that is a port alone; write %s@%s",
                        m->kind == MEND_LISTENER ? "0.0.0.0" : "192.0.2.1", m->text);
    return false;
}

bool mend_address(enum mend_kind kind, const char *text, char out[MEND_SIZE])
{
    const struct mend m = {.kind = kind, .text = text, .out = out};
    return mend_word(&m) || mend_prefix(&m) || mend_port(&m);
}

bool mend_is_list(const char *text)
{
    char word[ADDRESS_TEXT_SIZE];
    size_t words = 0;
    for (text += strspn(text, " \t,;"); *text; text += strspn(text, " \t,;")) {
        struct prefix prefix;
        struct address a;
        size_t len = strcspn(text, " \t,;");
        if (len >= sizeof word)
            return false;
        memcpy(word, text, len);
        word[len] = '\0';
        if (address_from_text(word, 0, &a) < 0 && prefix_from_text(word, &prefix) < 0)
            return false;
        text += len;
        words++;
    }
    return words > 0;
}

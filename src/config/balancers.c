#include "balancers.h"

#include "config/setting.h"

struct balancers {
    const struct config *config;
    const struct config_section *section; /* [proxy] */
    struct place file;
};

static struct place balancers_place(const struct balancers *b, const char *setting)
{
    return place_of(b->file, b->section, setting);
}

/* Who listens there already, as a section says it; NULL: nobody. */
static const char *balancers_rival(const struct config *config, const struct address *a)
{
    if (address_list_has(&config->proxy.listen, a))
        return "[proxy]";
    for (size_t i = 0; i < config->peer_count; i++)
        if (address_list_has(&config->peers[i].listen, a))
            return config->peers[i].name;
    return NULL;
}

static void balancers_check_listeners(const struct balancers *b)
{
    const struct address_list *list = &b->config->proxy.proxy_listen;
    for (size_t i = 0; i < list->count; i++) {
        const char *rival = balancers_rival(b->config, &list->items[i]);
        char text[ADDRESS_TEXT_SIZE];
        if (rival)
            place_say(balancers_place(b, "proxy-listen"), CONFIG_ERROR,
                      "%s is in 'listen' of %s, too; give balancers another port",
                      address_to_text(&list->items[i], text), rival);
    }
}

static void balancers_check_both(const struct balancers *b)
{
    bool listens = setting_line(b->section, "proxy-listen") != 0;
    bool believes = setting_line(b->section, "proxy-from") != 0;
    if (listens && !believes)
        place_say(balancers_place(b, "proxy-listen"), CONFIG_ERROR,
                  "'proxy-listen' takes 'proxy-from', the balancers that may say who asks");
    else if (believes && !listens)
        place_say(balancers_place(b, "proxy-from"), CONFIG_ERROR,
                  "'proxy-from' means nothing without 'proxy-listen'");
}

static bool balancers_check_everybody(const struct balancers *b)
{
    const struct prefix_list *from = &b->config->proxy.proxy_from;
    bool everybody = false;
    for (size_t i = 0; i < from->count; i++) {
        char text[ADDRESS_TEXT_SIZE];
        if (from->items[i].length > 0)
            continue;
        everybody = true;
        place_say(balancers_place(b, "proxy-from"), CONFIG_WARNING,
                  "'proxy-from' has %s/0: whoever connects may say who he is",
                  address_to_text(&from->items[i].address, text));
    }
    return everybody;
}

/* One is told of: a whole network may be. On a loopback address many are somebody else. */
static void balancers_check_peers(const struct balancers *b)
{
    for (size_t i = 0; i < b->config->peer_count; i++) {
        const struct peer *peer = &b->config->peers[i];
        for (size_t k = 0; k < peer->address.count; k++) {
            const struct address *a = &peer->address.items[k];
            char text[ADDRESS_TEXT_SIZE];
            if (address_is_loopback(a) || !prefix_list_contains(&b->config->proxy.proxy_from, a))
                continue;
            place_say(balancers_place(b, "proxy-from"), CONFIG_WARNING,
                      "'proxy-from' has %s of %s, which may say then that it is another peer",
                      address_to_text(a, text), peer->name);
            return;
        }
    }
}

void config_check_balancers(const struct config *config, const struct config_section *section,
                            struct place file)
{
    const struct balancers b = {config, section, file};
    balancers_check_both(&b);
    balancers_check_listeners(&b);
    if (!balancers_check_everybody(&b))
        balancers_check_peers(&b);
}

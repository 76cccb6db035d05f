/* health: does the proxy of this configuration answer where it listens? */
#include <stdio.h>

#include "base/arguments.h"
#include "base/ask.h"
#include "base/command.h"
#include "base/load.h"

#define HEALTH_TRIES   3
#define HEALTH_WAIT_MS 1000

static bool health_check_one(const struct address *listener)
{
    struct address to = ask_where(listener);
    bool good = ask_is_served(&to, HEALTH_TRIES, HEALTH_WAIT_MS);
    char text[ADDRESS_TEXT_SIZE];
    if (!good)
        fprintf(stderr, "tsig-proxy: nothing answers at %s\n", address_to_text(&to, text));
    return good;
}

static bool health_check(const struct address_list *listeners)
{
    bool good = true;
    for (size_t i = 0; i < listeners->count; i++)
        good &= health_check_one(&listeners->items[i]);
    return good;
}

int command_health(int argc, char **argv)
{
    const char *file;
    int given = arguments_read_file(&file, argc, argv);
    if (given != ARGUMENTS_GO_ON)
        return given;
    struct config *config = load_config(file);
    if (!config)
        return COMMAND_FAILED;
    bool good = health_check(&config->proxy.listen);
    for (size_t i = 0; i < config->peer_count; i++)
        good &= health_check(&config->peers[i].listen);
    config_unref(config);
    return good ? COMMAND_DONE : COMMAND_FAILED;
}

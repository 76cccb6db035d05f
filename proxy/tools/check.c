/* proxy/tools: the commands that do one thing and end.
 *
 * check: says what is wrong with a configuration, here and on this host, and does nothing else. */
#include <stdio.h>

#include "base/command.h"
#include "base/host.h"
#include "base/load.h"

int command_check(int argc, char **argv)
{
    const char *file = command_file(argc, argv);
    if (!file)
        return COMMAND_USAGE;
    struct config *config = load_config(file);
    if (!config)
        return COMMAND_FAILED;
    bool good = host_allows(config, file);
    config_unref(config);
    if (good)
        printf("%s: ok\n", file);
    return good ? COMMAND_DONE : COMMAND_FAILED;
}

#include <stdio.h>

#include "command.h"
#include "load.h"

int command_check(int argc, char **argv)
{
    const char *file = command_file(argc, argv);
    if (!file)
        return COMMAND_USAGE;
    struct config *config = load_config(file);
    if (!config)
        return COMMAND_FAILED;
    printf("%s: ok\n", file);
    config_unref(config);
    return COMMAND_DONE;
}

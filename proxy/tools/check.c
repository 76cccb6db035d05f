/* proxy/tools: the commands that do one thing and end.
 *
 * check: says what is wrong with a configuration, here and on this host, and does nothing else. */
#include <stdio.h>

#include "base/arguments.h"
#include "base/command.h"
#include "base/confine.h"
#include "base/doors.h"
#include "base/host.h"
#include "base/load.h"

int command_check(int argc, char **argv)
{
    const char *file;
    int given = arguments_read_file(&file, argc, argv);
    if (given != ARGUMENTS_GO_ON)
        return given;
    struct seen seen = {0};
    struct config *config = load_config_to_look(file, &seen);
    bool good = config && host_allows(config, &seen, file);
    good = config && doors_try(config) && good;
    if (good) {
        printf("%s: ok\n", file);
        confine_foretell(config, file, stdout);
    }
    config_unref(config);
    seen_fini(&seen);
    return good ? COMMAND_DONE : COMMAND_FAILED;
}

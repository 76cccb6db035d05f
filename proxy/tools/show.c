/* show --tproxy: what a transparent gateway needs beside the proxy, made from its configuration. */
#include <stdio.h>

#include "base/arguments.h"
#include "base/command.h"
#include "base/load.h"
#include "tools/rules.h"

int command_show(int argc, char **argv)
{
    bool tproxy = false, sidecar = false;
    const struct arguments_option options[] = {{.name = "tproxy", .given = &tproxy},
                                               {.name = "sidecar", .given = &sidecar}};
    struct arguments a = {.options = options, .option_count = 2};
    int given = arguments_read(&a, argc, argv);
    if (given != ARGUMENTS_GO_ON)
        return given;
    if (!tproxy)
        return command_usage("show", "--tproxy or --tproxy --sidecar is what can be shown");
    struct config *config = load_config(a.file);
    if (!config)
        return COMMAND_FAILED;
    int status = COMMAND_FAILED;
    if (config->proxy.transparent) {
        rules_script(config, sidecar);
        status = COMMAND_DONE;
    } else {
        fprintf(stderr, "%s: error: 'transparent = yes' in [proxy] is what packet rules are for\n",
                a.file);
    }
    config_unref(config);
    return status;
}

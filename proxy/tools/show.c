/* show --tproxy: what a transparent gateway needs beside the proxy, made from its configuration. */
#include <getopt.h>
#include <stdio.h>

#include "base/command.h"
#include "base/load.h"
#include "tools/rules.h"

int command_show(int argc, char **argv)
{
    static const struct option options[] = {
        {"tproxy", no_argument, NULL, 't'}, {"sidecar", no_argument, NULL, 's'}, {0}};
    const char *file = CONFIG_DEFAULT_PATH;
    bool tproxy = false, sidecar = false;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "+c:", options, NULL)) != -1;) {
        if (option == 'c')
            file = optarg;
        else if (option == 't')
            tproxy = true;
        else if (option == 's')
            sidecar = true;
        else
            return command_usage("show: unknown option, or -c without a file");
    }
    if (optind < argc || !tproxy)
        return command_usage("show: --tproxy or --tproxy --sidecar is what can be shown");
    struct config *config = load_config(file);
    if (!config)
        return COMMAND_FAILED;
    int status = COMMAND_FAILED;
    if (config->proxy.transparent) {
        rules_script(config, sidecar);
        status = COMMAND_DONE;
    } else {
        fprintf(stderr, "%s: error: 'transparent = yes' in [proxy] is what packet rules are for\n",
                file);
    }
    config_unref(config);
    return status;
}

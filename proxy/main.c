#include <stdio.h>
#include <string.h>

#include "base/command.h"
#include "base/process.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} main_commands[] = {
    {"run", command_run},   {"check", command_check},   {"keygen", command_keygen},
    {"show", command_show}, {"health", command_health},
};

int main(int argc, char **argv)
{
    process_open_standard();
    if (argc < 2)
        return command_usage("no command");
    for (size_t i = 0; i < sizeof main_commands / sizeof *main_commands; i++)
        if (strcmp(argv[1], main_commands[i].name) == 0)
            return main_commands[i].run(argc - 1, argv + 1);
    if (strcmp(argv[1], "--version") == 0) {
        puts("tsig-proxy " TSIG_PROXY_VERSION);
        return COMMAND_DONE;
    }
    if (strcmp(argv[1], "--help") == 0) {
        command_help(stdout);
        return COMMAND_DONE;
    }
    return command_usage("unknown command '%s'", argv[1]);
}

#include <stdio.h>
#include <string.h>

#include "base/arguments.h"
#include "base/command.h"
#include "base/confine.h"
#include "base/process.h"
#include "base/version.h"

static int main_help(int argc, char **argv);
static int main_version(int argc, char **argv);

static const struct main_command {
    const char *name;
    int (*run)(int argc, char **argv);
} main_commands[] = {
    {"run", command_run},       {"check", command_check},   {"keygen", command_keygen},
    {"show", command_show},     {"probe", command_probe},   {"health", command_health},
    {"status", command_status}, {"events", command_events}, {"config", command_config},
    {"reload", command_reload}, {"notify", command_notify}, {"log-level", command_log_level},
    {"help", main_help},        {"version", main_version},
};

static const struct main_command *main_find(const char *name)
{
    for (size_t i = 0; i < sizeof main_commands / sizeof *main_commands; i++)
        if (strcmp(name, main_commands[i].name) == 0)
            return &main_commands[i];
    return NULL;
}

static int main_help(int argc, char **argv)
{
    struct arguments a = {.most = 1};
    int status = arguments_read(&a, argc, argv);
    if (status != ARGUMENTS_GO_ON)
        return status;
    if (a.count == 1 && !main_find(*a.words))
        return command_unknown(*a.words);
    command_help(a.count == 1 ? *a.words : "");
    return COMMAND_DONE;
}

static int main_version(int argc, char **argv)
{
    const char *file;
    int status = arguments_read_file(&file, argc, argv);
    if (status != ARGUMENTS_GO_ON)
        return status;
    version_print();
    return COMMAND_DONE;
}

/* The place of the command, behind options that may stand before it: of these -c has a value. */
static int main_find_place(int argc, char **argv)
{
    int i = 1;
    while (i < argc && *argv[i] == '-')
        i += strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--config") == 0 ? 2 : 1;
    return i;
}

int main(int argc, char **argv)
{
    static char none[] = "";
    process_open_standard();
    process_keep_to_itself();
    confine_prepare();
    int place = main_find_place(argc, argv);
    if (place >= argc) {
        struct arguments a = {.most = 0};
        *argv = none;
        int status = arguments_read(&a, argc, argv);
        return status != ARGUMENTS_GO_ON ? status : command_usage("", "no command");
    }
    const struct main_command *command = main_find(argv[place]);
    if (!command)
        return command_unknown(argv[place]);
    if (!process_can_begin()) {
        fputs("tsig-proxy: no memory to begin with\n", stderr);
        return COMMAND_FAILED;
    }
    /* What stood before the command follows it. */
    char *name = argv[place];
    memmove(argv + 2, argv + 1, (size_t)(place - 1) * sizeof *argv);
    argv[1] = name;
    return command->run(argc - 1, argv + 1);
}

#include "base/command.h"

#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "config/config.h"

void command_help(FILE *out)
{
    fputs("usage: tsig-proxy run [-c FILE]\n"
          "       tsig-proxy check [-c FILE]\n"
          "       tsig-proxy keygen [-a ALGORITHM] [-f FORMAT] NAME\n"
          "       tsig-proxy show [-c FILE] --tproxy [--sidecar]\n"
          "       tsig-proxy health [-c FILE]\n"
          "       tsig-proxy --version | --help\n",
          out);
}

int command_usage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("tsig-proxy: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    command_help(stderr);
    return COMMAND_USAGE;
}

const char *command_file(int argc, char **argv)
{
    const char *file = CONFIG_DEFAULT_PATH;
    opterr = 0;
    for (int option; (option = getopt(argc, argv, "+c:")) != -1;) {
        if (option != 'c') {
            command_usage("%s: unknown option, or -c without a file", argv[0]);
            return NULL;
        }
        file = optarg;
    }
    if (optind < argc) {
        command_usage("%s: unexpected argument '%s'", argv[0], argv[optind]);
        return NULL;
    }
    return file;
}

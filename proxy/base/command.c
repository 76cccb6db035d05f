/* The pages of the commands. What they say in short tsig-proxy(8) says at length. */
#include "base/command.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/guess.h"

#define COMMAND_SOCKET "  -s, --socket PATH   the control socket, instead of the configuration's\n"

static const struct command_page {
    const char *name;
    const char *arguments; /* a line for each way to use it */
    const char *summary;
    const char *more; /* lines for its page */
} command_pages[] = {
    {"run", "[-c FILE]", "serve, in the foreground",
     "SIGTERM, SIGINT and SIGQUIT end it when what is in flight has ended. SIGHUP has it read the\n"
     "configuration again. Log lines go to standard error.\n"},
    {"check", "[-c FILE]", "say what is wrong with the configuration, and with this host for it",
     "Errors and warnings go to standard error. The exit status is 1 when there is an error.\n"},
    {"keygen", "[-a ALGORITHM] [-f FORMAT] NAME", "print a new random key",
     "  -a, --algorithm ALGORITHM   hmac-sha256 unless given\n"
     "  -f, --format FORMAT         bind (unless given; what 'secret-file' takes as it is), ini,\n"
     "                              nsd, knot, powerdns, unbound, dig\n"
     "For example: tsig-proxy keygen xfr.example >/etc/tsig-proxy/keys/xfr.example.key\n"},
    {"show",
     "[-c FILE] [-f FORMAT] [--zone ZONE] [--secret] PEER\n"
     "       tsig-proxy show [-c FILE] --tproxy [--sidecar]",
     "print what stands beside the proxy",
     "With a peer: what the other side is to be told, its zones, addresses and key.\n"
     "  -f, --format FORMAT   what it pastes into its own configuration instead: bind, nsd, knot,\n"
     "                        powerdns, yadifa; unbound (a secondary without a key); dnsmasq,\n"
     "                        axfrdns (a primary without one)\n"
     "  --zone ZONE           that one, where the configuration lists none by name, or many\n"
     "  --secret              with the secret of the key\n"
     "  --tproxy              a shell script with the packet rules and routes of a transparent\n"
     "                        gateway: tsig-proxy show --tproxy | sh -s up (or: up closed, down)\n"
     "  --sidecar             the same on the primary's own host\n"},
    {"probe", "[-c FILE] [--zone ZONE] [--notify] [--zonemd] [PEER]",
     "try each side, and say what works and what to mend",
     "  --zone ZONE   this one, instead of those that the configuration lists\n"
     "  --notify      send the secondaries NOTIFYs, which may make them transfer\n"
     "  --zonemd      transfer zones whole, and verify their digests (RFC 8976)\n"
     "It asks the servers of the configuration, and the proxy that runs here as a secondary "
     "would:\n"
     "as root from the secondary's own address. The exit status is 1 when there is something to\n"
     "mend.\n"},
    {"status", "[-c FILE] [--json]", "say which secondaries have every zone, and who is behind",
     "  --json              the whole status document\n" COMMAND_SOCKET},
    {"events", "[-c FILE] [--json]", "show the last refusals and failures, and what mends each",
     COMMAND_SOCKET},
    {"config", "[-c FILE] [--json]",
     "show what the program goes by, its defaults, what a reload "
     "changes",
     COMMAND_SOCKET},
    {"reload", "[-c FILE]", "have the configuration read anew",
     "What is wrong with it is printed, and then nothing has changed and the exit status is "
     "1.\n" COMMAND_SOCKET},
    {"notify", "[-c FILE] ZONE [SECONDARY]", "send a signed NOTIFY for a zone", COMMAND_SOCKET},
    {"log-level", "[-c FILE] LEVEL", "change how much is logged, until the next reload",
     COMMAND_SOCKET},
    {"health", "[-c FILE]", "exit with 0 when the instance of this configuration serves",
     COMMAND_SOCKET},
    {"help", "[COMMAND]", "print this, or the page of a command", ""},
};

#define COMMAND_PAGES (sizeof command_pages / sizeof *command_pages)

static const struct command_page *command_find_page(const char *name)
{
    for (size_t i = 0; i < COMMAND_PAGES; i++)
        if (strcmp(command_pages[i].name, name) == 0)
            return &command_pages[i];
    return NULL;
}

static void command_print_usage(FILE *out, const struct command_page *page)
{
    if (page) {
        fprintf(out, "usage: tsig-proxy %s %s\n", page->name, page->arguments);
        return;
    }
    fputs("usage: tsig-proxy COMMAND [OPTION...]\n\n", out);
    for (size_t i = 0; i < COMMAND_PAGES; i++)
        fprintf(out, "  %-9s %s\n", command_pages[i].name, command_pages[i].summary);
    fputs("\ntsig-proxy COMMAND --help says more.\n", out);
}

void command_help(const char *name)
{
    const struct command_page *page = command_find_page(name);
    command_print_usage(stdout, page);
    if (page)
        printf("\n%s: %s\n\n%s%s", page->name, page->summary, page->more, *page->more ? "\n" : "");
    else
        puts("");
    puts("  -c, --config FILE   the configuration, " CONFIG_DEFAULT_PATH " unless given\n"
         "  -h, --help          print this\n"
         "  -V, --version       print the version, and those of the libraries\n\n"
         "More in tsig-proxy(8) and, on the configuration, tsig-proxy.ini(5).");
}

int command_usage(const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "tsig-proxy: %s%s", name, *name ? ": " : "");
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    command_print_usage(stderr, command_find_page(name));
    return COMMAND_USAGE;
}

int command_unknown_word(const char *name, const char *kind, const char *word,
                         const char *(*known)(size_t i))
{
    char text[256] = "";
    size_t len = 0;
    const char *one;
    for (size_t i = 0; (one = known(i)) && len < sizeof text; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, " %s", one);
    return command_usage(name, "unknown %s '%s'; there are%s", kind, word, text);
}

int command_unknown(const char *name)
{
    struct guess guess = {.word = name};
    for (size_t i = 0; i < COMMAND_PAGES; i++)
        guess_feed(&guess, command_pages[i].name);
    if (guess.best)
        return command_usage("", "unknown command '%s'; did you mean '%s'?", name, guess.best);
    return command_usage("", "unknown command '%s'", name);
}

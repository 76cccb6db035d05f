#include "load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    int count;
    const char *arguments;
    int (*run)(char **arguments);
} load_words[] = {
    {"soa", 7, "PROXY PRIMARY SECONDARIES ZONES PADDING QUESTIONS UNDER-WAY", load_soa},
    {"ping", 4, "PROXY PRIMARY SECONDARIES QUESTIONS", load_ping},
    {"axfr", 7, "PROXY PRIMARY SECONDARIES RECORDS MESSAGE-SIZE AT-ONCE TRANSFERS", load_axfr},
    {"deliver", 4, "MIDDLE PRIMARY SECONDARY RECORDS", load_deliver},
    {"notices", 5, "PROXY PRIMARY PORT SECONDARIES ZONES", load_notices},
    {"notify", 5, "PROXY PRIMARY PORT SECONDARIES ROUNDS", load_notify},
    {"transfers", 6, "PROXY PRIMARY SECONDARIES CONNECTIONS OCTETS-A-SECOND SECONDS",
     load_transfers},
    {"count", 2, "LISTEN SERVER", load_count},
};

size_t load_number(const char *text)
{
    return strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof load_words / sizeof *load_words; i++) {
        if (argc == load_words[i].count + 2 && strcmp(argv[1], load_words[i].word) == 0)
            return load_words[i].run(argv + 2);
        if (argc < 2)
            fprintf(stderr, "load %s %s\n", load_words[i].word, load_words[i].arguments);
    }
    return 2;
}

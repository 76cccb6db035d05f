#include "base/arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/command.h"
#include "base/version.h"
#include "config/config.h"

/* Those that all have come first. */
#define ARGUMENTS_COMMON 3

struct arguments_table {
    struct option names[ARGUMENTS_COMMON + ARGUMENTS_OPTIONS_MAX + 1];
    char letters[2 * (ARGUMENTS_COMMON + ARGUMENTS_OPTIONS_MAX) + 2];
};

static void arguments_add(struct arguments_table *t, size_t *count, size_t *len,
                          const struct arguments_option *o, int id)
{
    if (o->name)
        t->names[(*count)++] = (struct option){o->name, o->value ? required_argument : no_argument,
                                               NULL, o->letter ? o->letter : id};
    if (o->letter)
        t->letters[(*len)++] = o->letter;
    if (o->letter && o->value)
        t->letters[(*len)++] = ':';
}

/* An option without a letter is told by its place. */
static int arguments_id(size_t place)
{
    return 256 + (int)place;
}

static void arguments_make(struct arguments_table *t, struct arguments *a)
{
    const struct arguments_option common[ARGUMENTS_COMMON] = {
        {'c', "config", &a->file, NULL}, {'h', "help", NULL, NULL}, {'V', "version", NULL, NULL}};
    size_t count = 0, len = 1;
    *t = (struct arguments_table){.letters = ":"};
    for (size_t i = 0; i < ARGUMENTS_COMMON; i++)
        arguments_add(t, &count, &len, &common[i], 0);
    for (size_t i = 0; i < a->option_count; i++)
        arguments_add(t, &count, &len, &a->options[i], arguments_id(i));
}

static void arguments_take(struct arguments *a, int option)
{
    for (size_t i = 0; i < a->option_count; i++) {
        const struct arguments_option *o = &a->options[i];
        if (option != (o->letter ? o->letter : arguments_id(i)))
            continue;
        if (o->value)
            *o->value = optarg;
        if (o->given)
            *o->given = true;
    }
}

/* "-c, --config, -h, --help …". */
static int arguments_say_unknown(const struct arguments *a, char **argv)
{
    char known[256] = "-c --config -h --help -V --version";
    size_t len = strlen(known);
    for (size_t i = 0; i < a->option_count && len < sizeof known; i++) {
        const struct arguments_option *o = &a->options[i];
        if (o->letter)
            len += (size_t)snprintf(known + len, sizeof known - len, " -%c", o->letter);
        if (o->name && len < sizeof known)
            len += (size_t)snprintf(known + len, sizeof known - len, " --%s", o->name);
    }
    const char *word = argv[optind - 1];
    if (optopt > 0 && optopt < 256 && strncmp(word, "--", 2) != 0)
        return command_usage(*argv, "unknown option '-%c'; there are %s", optopt, known);
    return command_usage(*argv, "unknown option '%s'; there are %s", word, known);
}

static int arguments_check_words(const struct arguments *a, char **argv)
{
    if (a->count <= a->most)
        return ARGUMENTS_GO_ON;
    const char *word = a->words[a->most];
    if (strpbrk(word, "/."))
        return command_usage(*argv, "unexpected argument '%s'; a configuration is given with -c %s",
                             word, word);
    return command_usage(*argv, "unexpected argument '%s'", word);
}

int arguments_read(struct arguments *a, int argc, char **argv)
{
    struct arguments_table table;
    arguments_make(&table, a);
    a->file = CONFIG_DEFAULT_PATH;
    optind = 0;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, table.letters, table.names, NULL)) != -1;) {
        switch (option) {
        case 'c':
            a->file = optarg;
            break;
        case 'h':
            command_help(*argv);
            return COMMAND_DONE;
        case 'V':
            version_print();
            return COMMAND_DONE;
        case ':':
            return command_usage(*argv, "%s takes a value", argv[optind - 1]);
        case '?':
            return arguments_say_unknown(a, argv);
        default:
            arguments_take(a, option);
        }
    }
    a->words = argv + optind;
    a->count = (unsigned)(argc - optind);
    return arguments_check_words(a, argv);
}

int arguments_read_file(const char **file, int argc, char **argv)
{
    struct arguments a = {.most = 0};
    int status = arguments_read(&a, argc, argv);
    *file = a.file;
    return status;
}

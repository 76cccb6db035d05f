#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "draft.h"

/* One setting while its text is read; `out` is where its value goes. */
struct value {
    const struct setting *row;
    const struct draft_place *place;
    void *out;
};

static int complain(const struct value *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int complain(const struct value *v, const char *format, ...)
{
    char sentence[CONFIG_LINE_MAX + 256];
    va_list args;

    va_start(args, format);
    vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    config_report_add(v->place->report, CONFIG_ERROR, v->place->file, v->place->line, "'%s' %s",
                      v->row->name, sentence);
    return DNS_EFORMAT;
}

char *config_value_words(const char *const *words, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; words[i] != NULL && len < size; i++) {
        const char *join = i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ";

        len += (size_t)snprintf(out + len, size - len, "%s%s", join, words[i]);
    }
    return out;
}

/* Place of a word among `words`, -1 if it is none of them. */
static int find_word(const char *const *words, const char *word)
{
    for (int i = 0; words != NULL && words[i] != NULL; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

static int set_bool(struct value *v, const char *text)
{
    bool yes = strcmp(text, "yes") == 0;

    if (!yes && strcmp(text, "no") != 0)
        return complain(v, "is yes or no, not '%s'", text);
    *(bool *)v->out = yes;
    return 0;
}

static int set_number(struct value *v, const char *text)
{
    const struct setting *row = v->row;
    unsigned long long number = 0;
    size_t digits = strspn(text, "0123456789");
    bool good = digits > 0 && text[digits] == '\0';

    if (find_word(row->choices, text) >= 0) {
        *(unsigned *)v->out = 0;
        return 0;
    }
    if (good)
        number = strtoull(text, NULL, 10);
    if (!good || number < row->least || number > row->most)
        return complain(v, "is a whole number from %u to %u%s%s, not '%s'", row->least, row->most,
                        row->choices != NULL ? ", or " : "",
                        row->choices != NULL ? row->choices[0] : "", text);
    *(unsigned *)v->out = (unsigned)number;
    return 0;
}

static int set_choice(struct value *v, const char *text)
{
    char words[128];
    int choice = find_word(v->row->choices, text);

    if (choice < 0)
        return complain(v, "is %s, not '%s'",
                        config_value_words(v->row->choices, words, sizeof(words)), text);
    *(unsigned *)v->out = (unsigned)choice;
    return 0;
}

static int set_text(struct value *v, const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL)
        return DNS_EMEMORY;
    *(char **)v->out = copy;
    return 0;
}

static int set_address(struct value *v, const char *text)
{
    struct address a = {0};

    if (*text != '\0' && address_from_text(text, v->row->port, &a) != 0)
        return complain(v,
                        "has '%s', which is no address; write 192.0.2.1, 192.0.2.1@%u or "
                        "2001:db8::1@%u",
                        text, v->row->port, v->row->port);
    *(struct address *)v->out = a;
    return 0;
}

static int add_to_addresses(struct address_list *list, const struct address *a)
{
    struct address *grown = draft_grow(list->items, list->count, sizeof(*grown));

    if (grown == NULL)
        return DNS_EMEMORY;
    list->items = grown;
    list->items[list->count++] = *a;
    return 0;
}

static int add_address(struct value *v, const char *text)
{
    struct address_list *list = v->out;
    struct value one = {.row = v->row, .place = v->place};
    struct address a;
    int rc;

    one.out = &a;
    rc = set_address(&one, text);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < list->count; i++)
        if (address_equal(&list->items[i], &a))
            return complain(v, "has '%s' twice", text);
    return add_to_addresses(list, &a);
}

static int add_source(struct value *v, const char *text)
{
    struct address_list *list = v->out;
    struct address a;

    if (address_from_text(text, 0, &a) != 0 || a.port != 0)
        return complain(v,
                        "has '%s', which is no address without a port; write 192.0.2.1 or "
                        "2001:db8::1",
                        text);
    if (address_is_any(&a))
        return complain(v,
                        "has '%s', which is no address to send from; leave it out and the "
                        "system chooses",
                        text);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].family == a.family)
            return complain(v, "has two IPv%d addresses; one per family is all there can be",
                            (int)a.family);
    return add_to_addresses(list, &a);
}

static int add_prefix(struct value *v, const char *text)
{
    struct draft_prefixes *list = v->out;
    struct prefix *grown;
    struct prefix prefix;

    if (prefix_from_text(text, &prefix) != 0)
        return complain(v,
                        "has '%s', which is no prefix or address; write 192.0.2.0/24 or "
                        "2001:db8::/32, with no bits set past the length",
                        text);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].length == prefix.length &&
            address_same_host(&list->items[i].address, &prefix.address))
            return complain(v, "has '%s' twice", text);
    grown = draft_grow(list->items, list->count, sizeof(*grown));
    if (grown == NULL)
        return DNS_EMEMORY;
    list->items = grown;
    list->items[list->count++] = prefix;
    return 0;
}

static int add_name(struct value *v, const char *text)
{
    struct draft_names *list = v->out;
    char **grown;

    for (size_t i = 0; i < list->count; i++)
        if (strcasecmp(list->items[i], text) == 0)
            return complain(v, "has '%s' twice", text);
    grown = draft_grow(list->items, list->count, sizeof(*grown));
    if (grown == NULL)
        return DNS_EMEMORY;
    list->items = grown;
    list->items[list->count] = strdup(text);
    if (list->items[list->count] == NULL)
        return DNS_EMEMORY;
    list->count++;
    return 0;
}

static bool is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 0x80)
        text++;
    return *text == '\0';
}

/* The name in `text` from octet `at` on. */
static int read_name(const struct value *v, const char *text, size_t at, struct dns_name *out)
{
    if (!is_ascii(text))
        return complain(v, "has '%s', which is not ASCII; write such names in their xn-- form",
                        text);
    /* All octets can be in a name, but these are in it by mistake. */
    if (strpbrk(text + at, "* \t;\"") != NULL || dns_name_from_text(text + at, out) != 0)
        return complain(v, "has '%s', which is no domain name", text);
    dns_name_lower(out);
    return 0;
}

static int add_zone(struct value *v, const char *text)
{
    struct draft_zones *list = v->out;
    struct zone_pattern pattern = {.kind = ZONE_ALL};
    struct zone_pattern *grown;

    if (strcmp(text, "*") != 0) {
        bool below = strncmp(text, "*.", 2) == 0;
        int rc = read_name(v, text, below ? 2 : 0, &pattern.name);

        if (rc != 0)
            return rc;
        pattern.kind = below ? ZONE_BELOW : ZONE_EXACT;
    }
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].kind == pattern.kind &&
            dns_name_equal(&list->items[i].name, &pattern.name))
            return complain(v, "has '%s' twice", text);
    grown = draft_grow(list->items, list->count, sizeof(*grown));
    if (grown == NULL)
        return DNS_EMEMORY;
    list->items = grown;
    list->items[list->count++] = pattern;
    return 0;
}

static int add_operation(struct value *v, const char *text)
{
    unsigned *set = v->out;
    char words[128];
    int operation = find_word(v->row->choices, text);

    if (operation < 0)
        return complain(v, "is a list of %s; '%s' is none of them",
                        config_value_words(v->row->choices, words, sizeof(words)), text);
    if (*set & 1U << operation)
        return complain(v, "has '%s' twice", text);
    *set |= 1U << operation;
    return 0;
}

static int set_key_name(struct value *v, const char *text)
{
    return read_name(v, text, 0, v->out);
}

static int set_algorithm(struct value *v, const char *text)
{
    const struct tsig_algorithm *algorithm = tsig_algorithm_by_text(text);
    const char *words[32];
    char sentence[512];
    size_t count = 0;

    if (algorithm != NULL) {
        *(const struct tsig_algorithm **)v->out = algorithm;
        return 0;
    }
    for (; tsig_algorithm_at(count) != NULL && count < 31; count++)
        words[count] = tsig_algorithm_at(count)->text;
    words[count] = NULL;
    return complain(v, "is %s, not '%s'", config_value_words(words, sentence, sizeof(sentence)),
                    draft_looks_secret(text) ? "what stands there" : text);
}

/* Calls `add` for each item between commas, also after one was refused, so that all are told of. */
static int set_list(struct value *v, const char *text, int (*add)(struct value *, const char *))
{
    char *copy = strdup(text);
    char *next = copy;
    char *item;
    int rc = copy == NULL ? DNS_EMEMORY : 0;

    while (rc != DNS_EMEMORY && (item = strsep(&next, ",")) != NULL) {
        size_t len;
        int added;

        item += strspn(item, " \t");
        for (len = strlen(item); len > 0 && strchr(" \t", item[len - 1]) != NULL; len--)
            item[len - 1] = '\0';
        added = *item == '\0' ? complain(v, "has a comma with nothing beside it") : add(v, item);
        if (added != 0)
            rc = added;
    }
    free(copy);
    return rc;
}

int config_value_set(const struct setting *row, void *base, const char *text,
                     const struct draft_place *place)
{
    static const struct {
        int (*set)(struct value *, const char *);
        int (*add)(struct value *, const char *); /* of a list */
    } types[] = {
        [SETTING_BOOL] = {.set = set_bool},
        [SETTING_NUMBER] = {.set = set_number},
        [SETTING_CHOICE] = {.set = set_choice},
        [SETTING_TEXT] = {.set = set_text},
        [SETTING_ADDRESS] = {.set = set_address},
        [SETTING_ADDRESSES] = {.add = add_address},
        [SETTING_SOURCES] = {.add = add_source},
        [SETTING_PREFIXES] = {.add = add_prefix},
        [SETTING_NAMES] = {.add = add_name},
        [SETTING_ZONES] = {.add = add_zone},
        [SETTING_OPERATIONS] = {.add = add_operation},
        [SETTING_KEY_NAME] = {.set = set_key_name},
        [SETTING_ALGORITHM] = {.set = set_algorithm},
    };
    struct value v = {.row = row, .place = place, .out = (char *)base + row->offset};

    if (*text == '\0' && !(row->flags & SETTING_MAY_BE_EMPTY))
        return complain(&v, "has no value");
    if (types[row->type].set != NULL)
        return types[row->type].set(&v, text);
    return set_list(&v, text, types[row->type].add);
}

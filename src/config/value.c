/* Each type of the table of settings has one function here that reads its text: value_set_... for a
 * single value, value_add_... for an item of a list. What is wrong is reported with the line and
 * the setting's name, and with what to write instead. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/names.h"
#include "config/setting.h"
#include "draft.h"
#include "mend.h"

/* One setting while its text is read; `out` is where its value goes. */
struct value {
    const struct setting *row;
    struct place place;
    void *out;
};

/* "yes, no or maybe": words for people, cut to the size. Returns `out`. */
static char *value_words(const char *const *words, char *out, size_t size)
{
    size_t len = 0;
    *out = '\0';
    for (size_t i = 0; words[i] && len < size; i++) {
        const char *join = i == 0 ? "" : words[i + 1] ? ", " : " or ";
        len += (size_t)snprintf(out + len, size - len, "%s%s", join, words[i]);
    }
    return out;
}

/* Place of a word among `words`, -1 if it is none of them. */
static int value_find_word(const char *const *words, const char *word)
{
    for (int i = 0; words && words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

static int value_set_bool(struct value *v, const char *text)
{
    bool yes = strcmp(text, "yes") == 0;
    if (!yes && strcmp(text, "no") != 0)
        return place_say(v->place, CONFIG_ERROR, "'%s' is yes or no, not '%s'", v->row->name, text);
    *(bool *)v->out = yes;
    return 0;
}

static int value_set_number(struct value *v, const char *text)
{
    const struct setting *row = v->row;
    if (value_find_word(row->choices, text) >= 0) {
        *(unsigned *)v->out = 0;
        return 0;
    }
    size_t digits = strspn(text, "0123456789");
    bool good = digits > 0 && !text[digits];
    unsigned long long number = good ? strtoull(text, NULL, 10) : 0;
    if (!good || number < row->least || number > row->most)
        return place_say(v->place, CONFIG_ERROR,
                         "'%s' is a whole number from %u to %u%s%s, not '%s'", v->row->name,
                         row->least, row->most, row->choices ? ", or " : "",
                         row->choices ? row->choices[0] : "", text);
    *(unsigned *)v->out = (unsigned)number;
    return 0;
}

static int value_set_choice(struct value *v, const char *text)
{
    int choice = value_find_word(v->row->choices, text);
    char words[128];
    if (choice < 0)
        return place_say(v->place, CONFIG_ERROR, "'%s' is %s, not '%s'", v->row->name,
                         value_words(v->row->choices, words, sizeof words), text);
    *(unsigned *)v->out = (unsigned)choice;
    return 0;
}

static int value_set_text(struct value *v, const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        return DNS_EMEMORY;
    *(char **)v->out = copy;
    return 0;
}

/* `otherwise` is for a text of which nothing is known. */
static int value_say_address(const struct value *v, enum mend_kind kind, const char *text,
                             const char *otherwise)
{
    char mended[MEND_SIZE];
    bool known = mend_address(kind, text, mended);
    return place_say(v->place, CONFIG_ERROR, "'%s' has '%s'%s%s", v->row->name, text,
                     known ? ": " : ", which is ", known ? mended : otherwise);
}

static int value_set_address(struct value *v, const char *text)
{
    struct address a = {0};
    if (*text && address_from_text(text, v->row->port, &a) < 0) {
        enum mend_kind kind = v->row->flags & SETTING_MAY_BE_EMPTY   ? MEND_OPTIONAL
                              : strcmp(v->row->name, "address") == 0 ? MEND_SERVER
                                                                     : MEND_LISTENER;
        char otherwise[MEND_SIZE];
        snprintf(otherwise, sizeof otherwise,
                 "no address; write 192.0.2.1, 192.0.2.1@%u or 2001:db8::1@%u", v->row->port,
                 v->row->port);
        return value_say_address(v, kind, text, otherwise);
    }
    *(struct address *)v->out = a;
    return 0;
}

static int value_add_to_addresses(struct address_list *list, const struct address *a)
{
    struct address *grown = draft_grow(list->items, list->count, sizeof *grown);
    if (!grown)
        return DNS_EMEMORY;
    list->items = grown;
    list->items[list->count++] = *a;
    return 0;
}

static int value_add_address(struct value *v, const char *text)
{
    struct address_list *list = v->out;
    struct address a;
    struct value one = {.row = v->row, .place = v->place, .out = &a};
    int error = value_set_address(&one, text);
    if (error < 0)
        return error;
    for (size_t i = 0; i < list->count; i++)
        if (address_equal(&list->items[i], &a))
            return place_say(v->place, CONFIG_ERROR, "'%s' has '%s' twice", v->row->name, text);
    return value_add_to_addresses(list, &a);
}

/* An address without port. */
static int value_read_host(const struct value *v, const char *text, struct address *out)
{
    if (address_from_text(text, 0, out) < 0 || out->port != 0)
        return value_say_address(v, MEND_HOST, text,
                                 "no address without a port; write 192.0.2.1 or 2001:db8::1");
    return 0;
}

static int value_add_host(struct value *v, const char *text)
{
    struct address_list *list = v->out;
    struct address a;
    int error = value_read_host(v, text, &a);
    if (error < 0)
        return error;
    if (address_is_any(&a))
        return place_say(v->place, CONFIG_ERROR,
                         "'%s' has '%s', which is no address of one host; leave it out for any",
                         v->row->name, text);
    for (size_t i = 0; i < list->count; i++)
        if (address_equal(&list->items[i], &a))
            return place_say(v->place, CONFIG_ERROR, "'%s' has '%s' twice", v->row->name, text);
    return value_add_to_addresses(list, &a);
}

static int value_add_source(struct value *v, const char *text)
{
    struct address_list *list = v->out;
    struct address a;
    int error = value_read_host(v, text, &a);
    if (error < 0)
        return error;
    if (address_is_any(&a))
        return place_say(
            v->place, CONFIG_ERROR,
            "'%s' has '%s', which is no address to send from; leave it out and the system chooses",
            v->row->name, text);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].family == a.family)
            return place_say(v->place, CONFIG_ERROR,
                             "'%s' has two IPv%d addresses; one per family is all there can be",
                             v->row->name, (int)a.family);
    return value_add_to_addresses(list, &a);
}

static int value_add_prefix(struct value *v, const char *text)
{
    struct prefix_list *list = v->out;
    struct prefix prefix;
    if (prefix_from_text(text, &prefix) < 0)
        return value_say_address(v, MEND_PREFIX, text,
                                 "no prefix or address; write 192.0.2.0/24 or 2001:db8::/32, with "
                                 "no bits set past the length");
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].length == prefix.length &&
            address_same_host(&list->items[i].address, &prefix.address))
            return place_say(v->place, CONFIG_ERROR, "'%s' has '%s' twice", v->row->name, text);
    struct prefix *grown = draft_grow(list->items, list->count, sizeof *grown);
    if (!grown)
        return DNS_EMEMORY;
    list->items = grown;
    list->items[list->count++] = prefix;
    return 0;
}

static int value_add_to_texts(struct value *v, const char *text,
                              int (*compare)(const char *, const char *))
{
    struct text_list *list = v->out;
    for (size_t i = 0; i < list->count; i++)
        if (compare(list->items[i], text) == 0)
            return place_say(v->place, CONFIG_ERROR, "'%s' has '%s' twice", v->row->name, text);
    char **grown = draft_grow(list->items, list->count, sizeof *grown);
    if (!grown)
        return DNS_EMEMORY;
    list->items = grown;
    list->items[list->count] = strdup(text);
    if (!list->items[list->count])
        return DNS_EMEMORY;
    list->count++;
    return 0;
}

static int value_add_name(struct value *v, const char *text)
{
    return value_add_to_texts(v, text, strcasecmp);
}

static int value_add_path(struct value *v, const char *text)
{
    return value_add_to_texts(v, text, strcmp);
}

/* The name in `text` from octet `at` on. */
static int value_read_name(const struct value *v, const char *text, size_t at, struct dns_name *out)
{
    const char *problem = config_name_read(text + at, out);
    return problem ? place_say(v->place, CONFIG_ERROR, "'%s' has '%s', which %s", v->row->name,
                               text, problem)
                   : 0;
}

/* There is a domain of each of these names, or may be, so they are no mistake for certain. */
static void value_doubt_zone(const struct value *v, const char *text)
{
    static const char *const value_all[] = {"all", "any", "every"};
    for (size_t i = 0; i < sizeof value_all / sizeof *value_all; i++)
        if (strcasecmp(text, value_all[i]) == 0)
            place_say(v->place, CONFIG_WARNING,
                      "'%s' has '%s', which is the one zone of that name; for every zone write *",
                      v->row->name, text);
}

static int value_add_zone(struct value *v, const char *text)
{
    value_doubt_zone(v, text);
    struct dns_name name = {.len = 0};
    if (strcmp(text, "*") == 0)
        return config_zones_add(v->out, ZONE_ALL, &name, v->place);
    bool below = strncmp(text, "*.", 2) == 0;
    int error = value_read_name(v, text, below ? 2 : 0, &name);
    if (error < 0)
        return error;
    return config_zones_add(v->out, below ? ZONE_BELOW : ZONE_EXACT, &name, v->place);
}

int config_value_add_zone(const struct setting *row, struct draft_zones *out, const char *text,
                          struct place place)
{
    struct value v = {.row = row, .place = place, .out = out};
    return value_add_zone(&v, text);
}

static int value_add_operation(struct value *v, const char *text)
{
    unsigned *set = v->out;
    int operation = value_find_word(v->row->choices, text);
    char words[128];
    if (operation < 0)
        return place_say(v->place, CONFIG_ERROR, "'%s' is a list of %s; '%s' is none of them",
                         v->row->name, value_words(v->row->choices, words, sizeof words), text);
    if (*set & 1u << operation)
        return place_say(v->place, CONFIG_ERROR, "'%s' has '%s' twice", v->row->name, text);
    *set |= 1u << operation;
    return 0;
}

static int value_set_key_name(struct value *v, const char *text)
{
    return value_read_name(v, text, 0, v->out);
}

static int value_set_algorithm(struct value *v, const char *text)
{
    const struct tsig_algorithm *algorithm = tsig_algorithm_by_text(text);
    if (algorithm) {
        *(const struct tsig_algorithm **)v->out = algorithm;
        return 0;
    }
    const char *words[32];
    size_t count = 0;
    for (; tsig_algorithm_at(count) && count < 31; count++)
        words[count] = tsig_algorithm_at(count)->text;
    words[count] = NULL;
    char sentence[512];
    return place_say(v->place, CONFIG_ERROR, "'%s' is %s, not '%s'", v->row->name,
                     value_words(words, sentence, sizeof sentence),
                     draft_looks_secret(text) ? "what stands there" : text);
}

/* A '#' behind a blank, as if it opened a comment, where none can be part of the value. */
static bool value_has_comment(const struct setting *row, const char *text)
{
    const char *mark = strchr(text, '#');
    while (mark && mark > text && !strchr(" \t", mark[-1]))
        mark = strchr(mark + 1, '#');
    return mark && mark > text && row->type != SETTING_TEXT && row->type != SETTING_PATHS;
}

/* Calls `add` for each item between commas, also after one was refused, so that all are told of. */
static int value_set_list(struct value *v, const char *text,
                          int (*add)(struct value *, const char *))
{
    char *copy = strdup(text);
    int error = copy ? 0 : DNS_EMEMORY;
    char *next = copy;
    char *item;
    while (error != DNS_EMEMORY && (item = strsep(&next, ","))) {
        item += strspn(item, " \t");
        for (size_t len = strlen(item); len > 0 && strchr(" \t", item[len - 1]); len--)
            item[len - 1] = '\0';
        int added = *item ? add(v, item)
                          : place_say(v->place, CONFIG_ERROR,
                                      "'%s' has a comma with nothing beside it", v->row->name);
        if (added < 0)
            error = added;
    }
    free(copy);
    return error;
}

int config_value_set(const struct setting *row, void *base, const char *text, struct place place)
{
    static const struct {
        int (*set)(struct value *, const char *);
        int (*add)(struct value *, const char *); /* of a list */
    } types[] = {
        [SETTING_BOOL] = {.set = value_set_bool},
        [SETTING_NUMBER] = {.set = value_set_number},
        [SETTING_CHOICE] = {.set = value_set_choice},
        [SETTING_TEXT] = {.set = value_set_text},
        [SETTING_ADDRESS] = {.set = value_set_address},
        [SETTING_ADDRESSES] = {.add = value_add_address},
        [SETTING_HOSTS] = {.add = value_add_host},
        [SETTING_SOURCES] = {.add = value_add_source},
        [SETTING_PREFIXES] = {.add = value_add_prefix},
        [SETTING_NAMES] = {.add = value_add_name},
        [SETTING_PATHS] = {.add = value_add_path},
        [SETTING_ZONES] = {.add = value_add_zone},
        [SETTING_OPERATIONS] = {.add = value_add_operation},
        [SETTING_KEY_NAME] = {.set = value_set_key_name},
        [SETTING_ALGORITHM] = {.set = value_set_algorithm},
    };
    struct value v = {.row = row, .place = place, .out = (char *)base + row->offset};
    if (!*text && !(row->flags & SETTING_MAY_BE_EMPTY))
        return place_say(v.place, CONFIG_ERROR, "'%s' has no value", v.row->name);
    if (value_has_comment(row, text))
        return place_say(v.place, CONFIG_ERROR,
                         "'%s' has a '#', which opens no comment behind a value; write ';'",
                         v.row->name);
    if (types[row->type].set)
        return types[row->type].set(&v, text);
    return value_set_list(&v, text, types[row->type].add);
}

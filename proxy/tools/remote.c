/* The commands that ask the running program for one thing: events, config, reload, notify and
 * log-level. Each sends its words as one line, and prints what comes back. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arguments.h"
#include "base/call.h"
#include "base/command.h"

#define REMOTE_ASLEEP_MAX 20

/* What such a command takes: words of its own, and which option. */
struct remote {
    unsigned least, most;
    bool json; /* --json is known */
    int (*print)(const json_t *document);
};

static const char *remote_text(const json_t *document, const char *key)
{
    const char *text = json_string_value(json_object_get(document, key));
    return text ? text : "";
}

static int remote_say_error(const json_t *document)
{
    const json_t *finding;
    size_t i;
    json_array_foreach (json_object_get(document, "findings"), i, finding)
        fprintf(stderr, "%s\n", json_string_value(finding));
    if (!json_object_get(document, "error"))
        return COMMAND_DONE;
    fprintf(stderr, "tsig-proxy: %s\n", remote_text(document, "error"));
    return COMMAND_FAILED;
}

static int remote_print_json(const json_t *document)
{
    json_dumpf(document, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    puts("");
    return COMMAND_DONE;
}

/* The line that is sent: the command and its words. */
static bool remote_line(char *out, size_t size, const char *command, const struct arguments *a)
{
    size_t len = (size_t)snprintf(out, size, "%s", command);
    for (unsigned i = 0; i < a->count && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, " %s", a->words[i]);
    return len < size && !strpbrk(out, "\n\r");
}

static int remote_run(int argc, char **argv, const struct remote *remote)
{
    const char *socket = NULL;
    bool json = false;
    const struct arguments_option options[] = {{'s', "socket", &socket, NULL},
                                               {.name = "json", .given = &json}};
    struct arguments a = {
        .options = options, .option_count = remote->json ? 2 : 1, .most = remote->most};
    char line[2048];
    struct call call;
    int status = arguments_read(&a, argc, argv);
    if (status != ARGUMENTS_GO_ON)
        return status;
    if (a.count < remote->least)
        return command_usage(*argv, "something is missing behind it");
    if (!remote_line(line, sizeof line, *argv, &a))
        return command_usage(*argv, "this is too long");
    if (call_find(&call, a.file, socket) < 0)
        return COMMAND_FAILED;
    json_t *document = call_ask(&call, line);
    if (!document)
        return COMMAND_FAILED;
    status = remote_say_error(document);
    if (status == COMMAND_DONE)
        status = json ? remote_print_json(document) : remote->print(document);
    json_decref(document);
    return status;
}

/* events */

static void remote_print_time(const json_t *time)
{
    char text[32] = "";
    struct tm utc;
    time_t at = (time_t)json_number_value(time);
    if (gmtime_r(&at, &utc) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &utc))
        fputs(text, stdout);
}

static void remote_print_part(const json_t *event, const char *key, const char *before)
{
    if (*remote_text(event, key))
        printf("%s%s", before, remote_text(event, key));
}

static int remote_print_events(const json_t *document)
{
    const json_t *events = json_object_get(document, "failures"), *event;
    size_t i;
    if (json_array_size(events) == 0)
        puts("Nothing was refused, and nothing has failed, since the program started.");
    json_array_foreach (events, i, event) {
        remote_print_time(json_object_get(event, "time"));
        remote_print_part(event, "event", " ");
        remote_print_part(event, "result", " ");
        remote_print_part(event, "peer", ": ");
        remote_print_part(event, "address", " at ");
        remote_print_part(event, "zone", ", zone ");
        remote_print_part(event, "key", ", key ");
        remote_print_part(event, "advice", "\n    ");
        puts("");
    }
    return COMMAND_DONE;
}

int command_events(int argc, char **argv)
{
    const struct remote remote = {.json = true, .print = remote_print_events};
    return remote_run(argc, argv, &remote);
}

/* config */

static void remote_print_setting(const json_t *setting)
{
    const char *value = remote_text(setting, "value"), *initial = remote_text(setting, "default");
    bool has_default = json_is_string(json_object_get(setting, "default"));
    printf("%s%-16s = %-26s ;", json_is_null(json_object_get(setting, "value")) ? ";" : "",
           remote_text(setting, "name"), value);
    if (!has_default)
        fputs(" no default", stdout);
    else if (strcmp(value, initial) == 0)
        fputs(" the default", stdout);
    else
        printf(" default %s", *initial ? initial : "empty");
    puts(json_is_true(json_object_get(setting, "reload")) ? "" : "; takes a restart");
}

static int remote_print_config(const json_t *document)
{
    const json_t *settings = json_object_get(document, "settings"), *setting;
    const char *section = "", *label = "";
    size_t i;
    printf("; %s\n", remote_text(document, "file"));
    json_array_foreach (settings, i, setting) {
        const char *own = remote_text(setting, "section"), *name = remote_text(setting, "label");
        if (strcmp(own, section) != 0 || strcmp(name, label) != 0)
            printf("%s[%s%s%s]\n", i > 0 ? "\n" : "", own, *name ? " " : "", name);
        section = own;
        label = name;
        remote_print_setting(setting);
    }
    return COMMAND_DONE;
}

int command_config(int argc, char **argv)
{
    const struct remote remote = {.json = true, .print = remote_print_config};
    return remote_run(argc, argv, &remote);
}

/* reload */

static int remote_print_reload(const json_t *document)
{
    (void)document;
    puts("The configuration was read anew and is in force.");
    return COMMAND_DONE;
}

int command_reload(int argc, char **argv)
{
    const struct remote remote = {.print = remote_print_reload};
    return remote_run(argc, argv, &remote);
}

/* notify */

static int remote_print_notify(const json_t *document)
{
    const json_t *labels = json_object_get(document, "secondaries"), *asleep;
    size_t i;
    bool answered = json_is_true(json_object_get(document, "answered"));
    const char *rcode = remote_text(document, "rcode");
    size_t count = json_array_size(labels);
    printf("%s: told to ", remote_text(document, "zone"));
    if (count == 1)
        printf("%s, ", json_string_value(json_array_get(labels, 0)));
    else
        printf("%zu secondaries, ", count);
    if (answered)
        printf("answered %s\n", rcode);
    else
        puts("and nobody has answered");
    json_array_foreach (json_object_get(document, "asleep"), i, asleep) {
        if (i < REMOTE_ASLEEP_MAX)
            printf("    asleep, and told again later: %s\n", json_string_value(asleep));
    }
    if (i > REMOTE_ASLEEP_MAX)
        printf("    and %zu more\n", i - REMOTE_ASLEEP_MAX);
    return answered && strcmp(rcode, "NOERROR") == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

int command_notify(int argc, char **argv)
{
    const struct remote remote = {.least = 1, .most = 2, .print = remote_print_notify};
    return remote_run(argc, argv, &remote);
}

/* log-level */

static int remote_print_level(const json_t *document)
{
    printf("The log has level %s until the next reload.\n", remote_text(document, "log_level"));
    return COMMAND_DONE;
}

int command_log_level(int argc, char **argv)
{
    const struct remote remote = {.least = 1, .most = 1, .print = remote_print_level};
    return remote_run(argc, argv, &remote);
}

/* A file of zones, one a line. */
#include <stdlib.h>
#include <string.h>

#include "config/setting.h"
#include "draft.h"

struct zone_file {
    const struct setting *row;
    struct draft_zones *zones;
    struct place place; /* the line */
};

static int on_line(void *arg, const char *line)
{
    struct zone_file *file = arg;
    int error = config_value_add_zone(file->row, file->zones, line, file->place);
    return error == DNS_EFORMAT ? 0 : error;
}

static int zone_file_take(struct draft *draft, struct draft_zones *zones, const char *path,
                          const struct config_file *file)
{
    if (draft_add_file(draft, path) < 0)
        return DNS_EMEMORY;
    struct place whole = place_in(draft->place, (unsigned)draft->config->file_count - 1);
    struct zone_file reading = {
        .row = setting_find(SETTING_SECONDARY, "zones-file"), .zones = zones, .place = whole};
    size_t errors = whole.report->errors, count = zones->count;
    draft_doubt_file(draft, whole, "this file", file);
    int error = config_lines_read_plain(file->text, file->len, &reading.place, &reading, on_line);
    if (error == 0 && zones->count == count && whole.report->errors == errors)
        place_say(whole, CONFIG_WARNING, "there is no zone in this file");
    return error;
}

int config_zone_file_read(struct draft *draft, const struct config_section *section)
{
    struct draft_peer *peer = &draft->peers[section->index];
    if (!peer->zones_file)
        return 0;
    struct place place = place_of(draft->place, section, "zones-file");
    char *path = draft_resolve(place, peer->zones_file);
    if (!path)
        return DNS_EMEMORY;
    struct config_file file = {0};
    int error = draft->files->read(draft->files->arg, path, &file);
    if (error < 0) {
        place_say(place, CONFIG_ERROR, "cannot read '%s': %s", path, draft_why(draft, path, error));
        error = 0;
    } else {
        error = zone_file_take(draft, &peer->zones, path, &file);
    }
    free(file.text);
    free(path);
    return error;
}

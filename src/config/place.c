#include "place.h"

#include <stdarg.h>

#include "config/setting.h"

struct place place_at(struct place place, unsigned line)
{
    place.line = line;
    return place;
}

struct place place_of_header(struct place place, const struct config_section *section)
{
    place.file = section->file;
    return place_at(place, section->line);
}

struct place place_of(struct place place, const struct config_section *section, const char *setting)
{
    unsigned line = setting_line(section, setting);
    place = place_of_header(place, section);
    return line ? place_at(place, line) : place;
}

struct place place_in(struct place place, unsigned file)
{
    place.file = file;
    return place_at(place, 0);
}

const char *place_path(struct place place)
{
    return place.config->files[place.file];
}

int place_say(struct place place, enum config_severity severity, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    config_report_add(place, severity, format, args);
    va_end(args);
    return DNS_EFORMAT;
}

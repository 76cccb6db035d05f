#include "office.h"

#include <string.h>

#include "base/doors.h"

void office_init(struct office *office, uv_loop_t *loop, const struct admin_acts *acts)
{
    *office = (struct office){0};
    control_init(&office->control, loop, acts);
}

/* Where one could not be had before, or has been taken away, it is tried again. */
static int office_prepare_control(struct office *office, const struct config *config, FILE *out)
{
    const char *path = config->proxy.control, *before = control_path(&office->control);
    pid_t holder = 0;
    if (before && strcmp(path, before) == 0) {
        if (control_stands(&office->control))
            return 0;
        /* Nobody comes in by it any more, and its lock may still be there. */
        control_use(&office->control, NULL);
    }
    office->moves_control = true;
    int error = *path ? control_open(&office->control, path, &office->next_hall, &holder) : 0;
    return error < 0 && !doors_forgive(out, config, "control", error, holder) ? error : 0;
}

static int office_prepare_http(struct office *office, const struct config *config, FILE *out)
{
    const struct address *at = &config->proxy.http;
    int error = 0;
    if (office->http && address_equal(at, http_address(office->http)))
        return 0;
    office->moves_http = true;
    if (at->family != ADDRESS_NONE)
        error = http_open(office->control.loop, at, &office->control.acts, &office->next_http);
    return error < 0 && !doors_forgive(out, config, "http", error, 0) ? error : 0;
}

int office_prepare(struct office *office, const struct config *config, FILE *out)
{
    int error = office_prepare_control(office, config, out);
    int other = office_prepare_http(office, config, out);
    if (error == 0 && other == 0)
        return 0;
    office_abandon(office);
    return error < 0 ? error : other;
}

static void office_forget_change(struct office *office)
{
    office->moves_control = office->moves_http = false;
    office->next_hall = NULL;
    office->next_http = NULL;
}

void office_abandon(struct office *office)
{
    control_shut(office->next_hall);
    http_shut(office->next_http);
    office_forget_change(office);
}

void office_commit(struct office *office)
{
    if (office->moves_control)
        control_use(&office->control, office->next_hall);
    if (office->moves_http) {
        http_shut(office->http);
        office->http = office->next_http;
    }
    office_forget_change(office);
}

void office_close(struct office *office)
{
    office_abandon(office);
    control_close(&office->control);
    http_shut(office->http);
    office->http = NULL;
}

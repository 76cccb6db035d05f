#include "gateway.h"

#include <stdio.h>

#include "admin/line.h"
#include "base/tproxy.h"

#define GATEWAY_LOOK_MS 5000
#define GATEWAY_SAY_MS  60000

static void gateway_say_bypassed(const struct gateway *gateway, const char *lack)
{
    char advice[TPROXY_CURE_SIZE + 64], cure[TPROXY_CURE_SIZE];
    snprintf(advice, sizeof advice, "what should be taken passes by unsigned; as root: %s",
             tproxy_cure(gateway->config, gateway->file, cure));
    line_say(LOG_WARNING, "gateway", "result", "bypassed", "lack", lack, "advice", advice, NULL);
}

static void gateway_look(struct gateway *gateway)
{
    char lack[TPROXY_LACK_SIZE];
    uint64_t now = uv_now(gateway->timer.loop);
    bool was_bypassed = gateway->bypassed;
    gateway->bypassed = !tproxy_is_there(gateway->config, lack);
    if (gateway->bypassed && (!was_bypassed || now - gateway->said >= GATEWAY_SAY_MS)) {
        gateway->said = now;
        gateway_say_bypassed(gateway, lack);
    } else if (was_bypassed && !gateway->bypassed) {
        line_say(LOG_NOTICE, "gateway", "result", "ok", NULL);
    }
}

static void on_time(uv_timer_t *timer)
{
    gateway_look(timer->data);
}

void gateway_init(struct gateway *gateway, uv_loop_t *loop, const char *file)
{
    *gateway = (struct gateway){.file = file};
    uv_timer_init(loop, &gateway->timer);
    uv_unref((uv_handle_t *)&gateway->timer);
    gateway->timer.data = gateway;
}

void gateway_set(struct gateway *gateway, const struct config *config)
{
    gateway->config = config;
    if (config && config->proxy.transparent)
        uv_timer_start(&gateway->timer, on_time, 0, GATEWAY_LOOK_MS);
    else
        uv_timer_stop(&gateway->timer);
}

void gateway_close(struct gateway *gateway)
{
    uv_close((uv_handle_t *)&gateway->timer, NULL);
}

#include "watch.h"

#include "admin/line.h"

static void on_time(uv_timer_t *timer);

static void watch_arm(struct watch *watch)
{
    if (watch->seconds > 0 && !watch->looking)
        uv_timer_start(&watch->timer, on_time, watch->seconds * UINT64_C(1000), 0);
}

static void watch_adopt(struct watch *watch)
{
    seen_fini(&watch->seen);
    watch->seen = watch->next;
    watch->next = (struct seen){0};
    watch->before.path = watch->found.path = NULL;
    watch->outdated = false;
}

/* Two looks in a row that find one change: whoever wrote has finished. */
static void watch_weigh(struct watch *watch)
{
    bool stays = seen_is_same(&watch->before, &watch->found);
    watch->before = watch->found;
    if (!stays)
        return;
    line_say(LOG_NOTICE, "changed", "file", watch->found.path, NULL);
    watch->before.path = NULL;
    watch->reload(watch->arg);
}

static void on_look(uv_work_t *work)
{
    struct watch *watch = work->data;
    watch->error = seen_look(&watch->seen, &watch->found);
}

static void on_looked(uv_work_t *work, int status)
{
    struct watch *watch = work->data;
    watch->looking = false;
    if (watch->outdated)
        watch_adopt(watch);
    else if (status == 0 && watch->error == 0)
        watch_weigh(watch);
    watch_arm(watch);
}

static void on_time(uv_timer_t *timer)
{
    struct watch *watch = timer->data;
    watch->looking = uv_queue_work(timer->loop, &watch->work, on_look, on_looked) == 0;
    watch_arm(watch);
}

void watch_init(struct watch *watch, uv_loop_t *loop, void (*reload)(void *arg), void *arg)
{
    *watch = (struct watch){.reload = reload, .arg = arg};
    uv_timer_init(loop, &watch->timer);
    uv_unref((uv_handle_t *)&watch->timer);
    watch->timer.data = watch->work.data = watch;
}

void watch_set(struct watch *watch, unsigned seconds, struct seen *seen)
{
    seen_fini(&watch->next);
    watch->next = *seen;
    *seen = (struct seen){0};
    watch->seconds = seconds;
    watch->outdated = true;
    if (!watch->looking)
        watch_adopt(watch);
    uv_timer_stop(&watch->timer);
    watch_arm(watch);
}

void watch_stop(struct watch *watch)
{
    watch_set(watch, 0, &(struct seen){0});
}

void watch_close(struct watch *watch)
{
    watch_stop(watch);
    uv_close((uv_handle_t *)&watch->timer, NULL);
}

void watch_fini(struct watch *watch)
{
    seen_fini(&watch->seen);
    seen_fini(&watch->next);
}

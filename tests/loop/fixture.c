#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/socket.h"

struct fixture fixture;

static int owned[1024];
static unsigned owned_count;
static unsigned reported[EVENT_TYPES][RESULTS];

static void on_tick(uv_timer_t *tick)
{
    (void)tick;
}

void fixture_turn(uint64_t since, const char *condition)
{
    cr_assert_not(fixture_passed(since, FIXTURE_DEADLINE_MS), "waited in vain for: %s", condition);
    /* When nothing else keeps the loop alive, this returns at once. */
    uv_run(&fixture.loop, UV_RUN_ONCE);
}

bool fixture_passed(uint64_t since, unsigned ms)
{
    return uv_hrtime() - since >= UINT64_C(1000000) * ms;
}

static unsigned count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

void fixture_open(void)
{
    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(uv_loop_init(&fixture.loop), 0);
    uv_timer_init(&fixture.loop, &fixture.tick);
    uv_timer_start(&fixture.tick, on_tick, 1, 1);
    uv_unref((uv_handle_t *)&fixture.tick);
    /* libuv keeps one in reserve from the first stream of a loop on. */
    uv_tcp_t first;
    uv_tcp_init(&fixture.loop, &first);
    uv_close((uv_handle_t *)&first, NULL);
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
    fixture.descriptors = count_descriptors();
}

static void on_event(void *arg, const struct relay_event *event)
{
    (void)arg;
    reported[event->type][event->result]++;
}

unsigned fixture_reported(enum relay_event_type type, enum relay_result result)
{
    return reported[type][result];
}

struct address fixture_address(const char *host, uint16_t port)
{
    struct address a;
    cr_assert_eq(address_from_text(host, port, &a), 0, "no address: %s", host);
    return a;
}

int fixture_own(int fd)
{
    cr_assert_geq(fd, 0, "no socket: %s", uv_strerror(fd));
    cr_assert_lt(owned_count, sizeof owned / sizeof *owned);
    owned[owned_count++] = fd;
    return fd;
}

void fixture_drop(int fd)
{
    for (unsigned i = 0; i < owned_count; i++) {
        if (owned[i] != fd)
            continue;
        owned[i] = owned[--owned_count];
        close(fd);
        return;
    }
    cr_assert_fail("not ours: %d", fd);
}

/* Bound with SO_REUSEPORT but not listening: the kernel gives the port to nobody else, and the
 * worker can still have it. */
static int reserve(struct address *a)
{
    struct sockaddr_storage name;
    int domain = a->family == ADDRESS_IPV4 ? AF_INET : AF_INET6;
    int on = 1;
    int fd = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    socklen_t len = socket_from_address(a, &name);
    if (bind(fd, (const struct sockaddr *)&name, len) < 0) {
        close(fd);
        return -1;
    }
    *a = socket_local(fd);
    return fd;
}

uint16_t fixture_port(const char *ipv4, const char *ipv6)
{
    for (int tries = 0; tries < 20; tries++) {
        struct address one = fixture_address(ipv4, 0);
        int first = fixture_own(reserve(&one));
        struct address two = fixture_address(ipv6, one.port);
        int second = reserve(&two);
        if (second >= 0) {
            fixture_own(second);
            return one.port;
        }
        fixture_drop(first);
    }
    cr_assert_fail("no free port");
    return 0;
}

static void on_nothing(void *arg)
{
    (void)arg;
}

static void fixture_begin(void)
{
    static const struct engine_sink sink = {.report = on_event};
    static const struct worker_events events = {.on_rest = on_nothing, .on_stopped = on_nothing};
    fixture.memory = memory_new(config_fixture->proxy.status_zones);
    cr_assert_not_null(fixture.memory);
    const struct places_supply supply = {
        .descriptors = fixture.limit ? fixture.limit : 65536, .ports = 2, .workers = 1};
    places_lay_out(fixture.memory->shares, &supply);
    cr_assert_eq(worker_init(&fixture.worker, &fixture.loop, &sink, fixture.memory, &events), 0);
    fixture.serving = true;
}

static void fixture_serve(const struct ports *ports)
{
    struct worker_change change;
    cr_assert_eq(
        worker_prepare(&fixture.worker, config_fixture, ports->items, ports->count, &change), 0);
    for (unsigned i = 0; i < ports->count; i++)
        cr_assert_eq(endpoint_listen(ports->items[i]), 0);
    relay_take_over(change.relay);
    worker_commit(&fixture.worker, &change);
}

int fixture_try_start(const char *ipv4, const char *ipv6, const char *text, struct address *failed)
{
    static char whole[32768];
    char listen[2][ADDRESS_TEXT_SIZE];
    uint16_t port = fixture_port(ipv4, ipv6);
    fixture.ipv4 = fixture_address(ipv4, port);
    fixture.ipv6 = fixture_address(ipv6, port);
    snprintf(whole, sizeof whole, "[proxy]\nlisten = %s, %s\nuser =\n%s",
             address_to_text(&fixture.ipv4, listen[0]), address_to_text(&fixture.ipv6, listen[1]),
             text);
    cr_assert_eq(config_fixture_parse(whole), 0, "%s", config_fixture_findings());
    static const struct ports none;
    struct ports ports;
    int error = ports_open(&ports, &none, config_fixture, 1, failed);
    if (error < 0)
        return error;
    fixture_begin();
    fixture_serve(&ports);
    ports_close(&ports);
    return 0;
}

void fixture_start(const char *format, ...)
{
    static char text[32000];
    struct address failed;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* Another program's UDP socket may have the port that was free over TCP. */
    int error = -EADDRINUSE;
    for (int tries = 0; tries < 5 && error == -EADDRINUSE; tries++)
        error = fixture_try_start("127.0.0.1", "::1", text, &failed);
    cr_assert_eq(error, 0, "%s", uv_strerror(error));
}

void fixture_await_end(void)
{
    UNTIL(!uv_loop_alive(&fixture.loop));
    worker_fini(&fixture.worker);
    memory_free(fixture.memory);
    fixture.serving = false;
}

void fixture_close(void)
{
    if (fixture.serving) {
        worker_drain(&fixture.worker);
        worker_drain(&fixture.worker);
        fixture_await_end();
    }
    config_fixture_release();
    while (owned_count)
        close(owned[--owned_count]);
    cr_expect_eq(count_descriptors(), fixture.descriptors, "file descriptors are left open");
    uv_close((uv_handle_t *)&fixture.tick, NULL);
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
    cr_expect_eq(uv_loop_close(&fixture.loop), 0, "handles are left open");
}

struct session *fixture_session(void)
{
    UNTIL(fixture.worker.engine.session_count == 1);
    return fixture.worker.engine.sessions;
}

void fixture_set_send_buffer(int octets)
{
    uv_os_fd_t fd;
    cr_assert_eq(uv_fileno((uv_handle_t *)&fixture_session()->stream.conn.tcp, &fd), 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
}

size_t fixture_held(const struct session *session)
{
    size_t held = session->stream.conn.backlog + session->stream.frame.end;
    for (unsigned i = 0; i < SESSION_FLOWS_MAX; i++) {
        const struct flow *flow = session->flows[i];
        for (unsigned leg = 0; flow && leg < flow->exchange.legs.count; leg++)
            if (flow->upstreams[leg])
                held += flow->upstreams[leg]->stream.frame.end;
    }
    return held;
}

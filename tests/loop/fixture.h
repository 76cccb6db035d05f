/* A worker on a real loop in this process, and plain sockets around it that play its clients and
 * servers. One per test. Nothing sleeps: every wait turns the loop until what it waits for has come,
 * and fails the test when that takes too long. */
#ifndef LOOP_FIXTURE_H
#define LOOP_FIXTURE_H

#include <criterion/criterion.h>
#include <uv.h>

#include "config/config_fixture.h"
#include "net/ports.h"
#include "net/worker.h"
#include "support.h"

#define FIXTURE_DEADLINE_MS 8000
#define FIXTURE_HELD_MAX    ((size_t)200 << 10) /* octets the worker may hold for one reader */
#define FIXTURE_SMALL       4096                /* for socket buffers */

/* Plain peers: a primary at 127.0.0.1 and the port that is the argument, and a secondary on this
 * host that may ask it anything. */
#define FIXTURE_PEERS                                                                              \
    "[primary hq]\naddress = 127.0.0.1@%u\n"                                                       \
    "[secondary two]\naddress = 127.0.0.1@9, ::1@9\nallow = soa, axfr, ixfr, notify, query\n"

struct fixture {
    uv_loop_t loop;
    uv_timer_t tick; /* so that a turn of the loop never waits for long */
    unsigned limit;  /* descriptors that places are laid out for; 0: many */
    struct memory *memory;
    struct worker worker;
    bool serving;
    unsigned descriptors; /* open before the worker began */
    struct address ipv4;  /* where it listens, with a free port */
    struct address ipv6;
};

extern struct fixture fixture;

/* Waits until the condition holds. It may contain calls that do a step of work. */
#define UNTIL(condition)                                                                           \
    for (uint64_t until_ = uv_hrtime(); !(condition);)                                             \
    fixture_turn(until_, #condition)

void fixture_turn(uint64_t since, const char *condition);

/* Has so much time passed since `since` (of uv_hrtime)? */
bool fixture_passed(uint64_t since, unsigned ms);

/* For suites: .init and .fini. The latter stops the worker and fails the test when a handle or a
 * file descriptor is left open. */
void fixture_open(void);
void fixture_close(void);

/* Listens on 127.0.0.1 and ::1; `format` is the configuration from after `listen` and `user` on, the
 * rest of [proxy] first. */
void fixture_start(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with the hosts given. Returns what ports_open does. */
int fixture_try_start(const char *ipv4, const char *ipv6, const char *text, struct address *failed);

/* What worker and loop still hold of a stopped worker must go by itself. */
void fixture_await_end(void);

struct address fixture_address(const char *host, uint16_t port);

/* A port that is free on both hosts, over UDP and TCP, and stays ours. */
uint16_t fixture_port(const char *ipv4, const char *ipv6);

/* How often the worker has reported this. */
unsigned fixture_reported(enum relay_event_type type, enum relay_result result);

/* Closed with the fixture unless closed before. */
int fixture_own(int fd);
void fixture_drop(int fd);

/* The only session, and its socket's send buffer made so small. */
struct session *fixture_session(void);
void fixture_set_send_buffer(int octets);

/* Octets that the worker holds of one session's replies and its flows' reading. */
size_t fixture_held(const struct session *session);

#endif

/* Datagrams of one burst leave together, each as it is and to whom it is for. */
#include "end.h"
#include "net/outbox.h"
#include "net/socket.h"

#define ENDS  3
#define COUNT 60

TestSuite(outbox, .init = fixture_open, .fini = fixture_close, .timeout = 20);

static struct outbox outbox;
static int ends[ENDS];
static struct address places[ENDS];
static struct support_message got;
static struct address from;

static void open_ends(void)
{
    struct address any = fixture_address("127.0.0.1", 0);
    for (unsigned i = 0; i < ENDS; i++) {
        ends[i] = udp_open(&any);
        places[i] = socket_local(ends[i]);
    }
}

static int connected_to(const struct address *place)
{
    static const struct address any = {.family = ADDRESS_NONE};
    return fixture_own(socket_connect_udp(place, &any, false));
}

/* The first two octets say which one it is, and so how long. */
static size_t length_of(unsigned number)
{
    return 20 + number % 7;
}

static void send_one(int fd, unsigned number, size_t len, const struct address *to)
{
    static uint8_t octets[OUTBOX_SIZE + 1];
    struct sockaddr_storage name;
    struct iovec part = {octets, len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (to) {
        message.msg_name = &name;
        message.msg_namelen = socket_from_address(to, &name);
    }
    dns_wire_set_u16_at(octets, (uint16_t)number);
    outbox_send(&outbox, fd, &message);
}

/* Number `i` goes to the end `i % ENDS`, which gets those and no others, each once. */
static void expect_all(void)
{
    bool came[COUNT] = {false};
    for (unsigned i = 0; i < COUNT; i++) {
        UNTIL(udp_take(ends[i % ENDS], &got, &from));
        unsigned number = dns_wire_u16_at(got.octets);
        cr_assert_lt(number, COUNT);
        cr_assert_eq(number % ENDS, i % ENDS);
        cr_assert_eq(got.len, length_of(number));
        cr_assert_not(came[number]);
        came[number] = true;
    }
    for (unsigned i = 0; i < ENDS; i++)
        cr_assert_not(udp_take(ends[i], &got, &from));
}

Test(outbox, several_servers_get_each_its_own)
{
    int fds[ENDS];
    open_ends();
    for (unsigned i = 0; i < ENDS; i++)
        fds[i] = connected_to(&places[i]);
    outbox_open(&outbox);
    for (unsigned i = 0; i < COUNT; i++)
        send_one(fds[i % ENDS], i, length_of(i), NULL);
    cr_assert_not(udp_take(ends[0], &got, &from), "it waits for the end of the burst");
    outbox_shut(&outbox);
    expect_all();
    cr_assert_not(outbox.plain, "this kernel cuts");
}

Test(outbox, several_clients_of_one_socket_get_each_its_own)
{
    struct address any = fixture_address("127.0.0.1", 0);
    int fd = udp_open(&any);
    open_ends();
    outbox_open(&outbox);
    for (unsigned i = 0; i < COUNT; i++)
        send_one(fd, i, length_of(i), &places[i % ENDS]);
    outbox_shut(&outbox);
    expect_all();
}

/* The kernel does not cut where it makes no checksum. */
Test(outbox, what_the_kernel_does_not_cut_leaves_piece_by_piece)
{
    int on = 1, fds[ENDS];
    open_ends();
    for (unsigned i = 0; i < ENDS; i++) {
        fds[i] = connected_to(&places[i]);
        cr_assert_eq(setsockopt(fds[i], SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
    }
    outbox_open(&outbox);
    for (unsigned i = 0; i < COUNT; i++)
        send_one(fds[i % ENDS], i, length_of(i), NULL);
    outbox_shut(&outbox);
    expect_all();
    cr_assert(outbox.plain);
}

Test(outbox, large_ones_do_not_wait)
{
    open_ends();
    int fd = connected_to(&places[0]);
    outbox_open(&outbox);
    send_one(fd, 0, OUTBOX_SIZE + 1, NULL);
    cr_assert(udp_take(ends[0], &got, &from));
    cr_assert_eq(got.len, OUTBOX_SIZE + 1);
    outbox_shut(&outbox);
}

/* "Port unreachable", which anyone may have sent, is told to whoever sends next. */
Test(outbox, an_error_of_the_one_before_loses_nothing)
{
    open_ends();
    int fd = connected_to(&places[0]);
    fixture_drop(ends[0]);
    send_one(fd, 0, 20, NULL);
    ends[0] = udp_open(&places[0]);
    outbox_open(&outbox);
    for (unsigned i = 0; i < 10; i++)
        send_one(fd, i, 20, NULL);
    outbox_shut(&outbox);
    for (unsigned i = 0; i < 10; i++)
        UNTIL(udp_take(ends[0], &got, &from));
}

Test(outbox, nothing_stays_behind_when_a_socket_is_closed)
{
    open_ends();
    int fd = connected_to(&places[0]);
    outbox_open(&outbox);
    send_one(fd, 0, 20, NULL);
    outbox_flush_from(&outbox, fd);
    fixture_drop(fd);
    cr_assert(udp_take(ends[0], &got, &from));
    outbox_shut(&outbox);
}

/* The happy path: talk_open, talk_say, talk_hear as often as messages are awaited, talk_close. All
 * sockets are non-blocking, and each wait is a poll with what is left of its time. Over UDP a
 * message that answers something else is passed over, over TCP it is EBADMSG. */
#include "base/talk.h"

#include <errno.h>
#include <openssl/rand.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/socket.h"

#define TALK_TRIES 2 /* over UDP */

static int64_t talk_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int talk_wait(const struct talk *t, short events, int64_t deadline)
{
    struct pollfd ready = {.fd = t->fd, .events = events};
    int64_t left = deadline - talk_now_ms();
    /* Also while others keep the socket busy. */
    if (left <= 0)
        return -ETIMEDOUT;
    int count = poll(&ready, 1, (int)left);
    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    return count > 0 ? 0 : -ETIMEDOUT;
}

static int talk_connect(struct talk *t, int64_t deadline)
{
    struct sockaddr_storage name;
    socklen_t len = socket_from_address(&t->place.to, &name);
    if (connect(t->fd, (const struct sockaddr *)&name, len) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return -errno;
    int error = talk_wait(t, POLLOUT, deadline), failure = 0;
    socklen_t size = sizeof failure;
    if (error == 0 && getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0)
        return -errno;
    return error < 0 ? error : -failure;
}

static int talk_open_socket(struct talk *t)
{
    const struct talk_place *p = &t->place;
    t->fd = p->tcp ? socket_open_tcp(&p->to, &p->source, p->transparent)
                   : socket_connect_udp(&p->to, &p->source, p->transparent);
    if (t->fd < 0 || !p->tcp)
        return t->fd < 0 ? t->fd : 0;
    return talk_connect(t, talk_now_ms() + p->wait_ms);
}

int talk_open(struct talk *t, const struct talk_place *place)
{
    memset(t, 0, offsetof(struct talk, request));
    t->place = *place;
    t->fd = -1;
    int error = talk_open_socket(t);
    if (error == 0 && place->key && tsig_mac_init(&t->mac, place->key) < 0)
        error = -ENOTSUP;
    if (error < 0)
        talk_close(t);
    return error;
}

void talk_close(struct talk *t)
{
    tsig_stream_fini(&t->stream);
    tsig_mac_fini(&t->mac);
    /* A port of one's choice is to be had again for the next question, without a TIME-WAIT. */
    if (t->fd >= 0 && t->place.tcp && t->place.source.port)
        socket_reset(t->fd);
    else if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}

static int talk_sign(struct talk *t, struct dns_writer *tail, size_t len)
{
    struct tsig_stamp stamp = {
        .time_signed = (uint64_t)time(NULL),
        .fudge = (uint16_t)t->place.fudge,
        .original_id = dns_wire_u16_at(t->request + 2),
    };
    t->chain = tsig_chain_request();
    tsig_stream_fini(&t->stream);
    t->stream = (struct tsig_stream){0};
    if (tsig_sign(&t->mac, &t->chain, &stamp, t->request + 2, len, tail) < 0 ||
        tsig_stream_init(&t->stream, &t->mac, &t->chain) < 0)
        return -ENOTSUP;
    return 0;
}

/* With the length before it over TCP, for which the first two octets are kept free. */
static int talk_send(struct talk *t, size_t len)
{
    size_t skip = t->place.tcp ? 0 : 2;
    dns_wire_set_u16_at(t->request, (uint16_t)len);
    /* It fits any socket's empty buffer. */
    if (send(t->fd, t->request + skip, 2 + len - skip, MSG_NOSIGNAL) < 0)
        return errno == ECONNRESET ? -EPIPE : -errno;
    return 0;
}

int talk_say(struct talk *t, const uint8_t *request, size_t len)
{
    uint8_t *octets = t->request + 2;
    if (len > sizeof t->request - 2 - TSIG_RECORD_MAX)
        return -EMSGSIZE;
    memcpy(octets, request, len);
    if (RAND_bytes(octets, 2) != 1 || dns_message_parse(octets, len, &t->asked) < 0)
        return -EINVAL;
    struct dns_writer tail = dns_wire_writer(octets + len, TSIG_RECORD_MAX);
    int error = t->place.key ? talk_sign(t, &tail, len) : 0;
    if (error == 0)
        error = talk_send(t, len + tail.at);
    t->is_first = true;
    return error;
}

static int talk_read(struct talk *t, uint8_t *out, size_t size, int64_t deadline)
{
    for (size_t len = 0; len < size;) {
        int error = talk_wait(t, POLLIN, deadline);
        if (error < 0)
            return error;
        ssize_t n = recv(t->fd, out + len, size - len, 0);
        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return -EPIPE;
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        len += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static bool talk_is_answer(const struct talk *t, size_t len, struct dns_message *out)
{
    if (dns_message_parse(t->octets, len, out) < 0 || !(out->flags & DNS_FLAG_QR))
        return false;
    return out->id == dns_wire_u16_at(t->request + 2) &&
           (out->count[DNS_QUESTION] == 0 || dns_message_same_question(out, &t->asked));
}

static int talk_hear_datagram(struct talk *t, int64_t deadline)
{
    for (;;) {
        int error = talk_wait(t, POLLIN, deadline);
        if (error < 0)
            return error;
        ssize_t n = recv(t->fd, t->octets, sizeof t->octets, 0);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        if (n > 0 && talk_is_answer(t, (size_t)n, &t->answer))
            return 0;
    }
}

static int talk_hear_frame(struct talk *t, int64_t deadline)
{
    uint8_t prefix[2];
    int error = talk_read(t, prefix, sizeof prefix, deadline);
    if (error == 0)
        error = talk_read(t, t->octets, dns_wire_u16_at(prefix), deadline);
    if (error == 0 && !talk_is_answer(t, dns_wire_u16_at(prefix), &t->answer))
        error = -EBADMSG;
    return error;
}

/* The time by the server's clock: told by a BADTIME, which NSD does not sign, or of a MAC that is
 * good. */
static void talk_note_skew(struct talk *t, bool good, int64_t now)
{
    struct dns_reader r = dns_wire_reader(t->record.other, t->record.other_len);
    bool told = t->record.error == TSIG_BADTIME && t->record.other_len == 6;
    t->has_skew = told || good;
    t->skew = (int64_t)(told ? dns_wire_get_u48(&r) : t->record.time_signed) - now;
}

/* The first message by itself, so that a time out of bounds is told from a MAC that is bad. */
static bool talk_prove_first(struct talk *t, struct tsig_clock clock)
{
    struct tsig_chain chain = t->chain;
    if (!t->has_record)
        return false;
    enum tsig_verdict verdict = tsig_verify(&t->mac, &chain, &t->answer, &t->record, clock);
    talk_note_skew(t, verdict == TSIG_VERIFIED || verdict == TSIG_VERDICT_BADTIME,
                   (int64_t)clock.seconds);
    t->is_cut = verdict == TSIG_VERDICT_BADTRUNC;
    return verdict == TSIG_VERIFIED;
}

static void talk_prove(struct talk *t)
{
    struct tsig_clock clock = {(uint64_t)time(NULL), t->place.fudge};
    t->has_record =
        t->answer.tsig_place == DNS_TSIG_LAST && tsig_record_decode(&t->answer, &t->record) == 0;
    if (!t->place.key)
        return;
    bool proven = t->is_first ? talk_prove_first(t, clock) : true;
    enum tsig_stream_state state =
        tsig_stream_verify(&t->stream, &t->answer, t->has_record ? &t->record : NULL, clock);
    t->proven = proven && state == TSIG_STREAM_VERIFIED;
}

int talk_hear(struct talk *t)
{
    int64_t start = talk_now_ms();
    int64_t deadline = start + t->place.wait_ms;
    int error = t->place.tcp ? talk_hear_frame(t, deadline) : talk_hear_datagram(t, deadline);
    if (error < 0)
        return error;
    t->milliseconds = (unsigned)(talk_now_ms() - start);
    talk_prove(t);
    t->is_first = false;
    return 0;
}

int talk_ask(struct talk *t, const struct talk_place *place, const uint8_t *request, size_t len)
{
    int error = talk_open(t, place);
    if (error < 0)
        return error;
    for (int i = 0; i < (place->tcp ? 1 : TALK_TRIES); i++) {
        error = talk_say(t, request, len);
        if (error == 0)
            error = talk_hear(t);
        if (error != -ETIMEDOUT)
            break;
    }
    talk_close(t);
    return error;
}

const char *talk_why(int error)
{
    switch (-error) {
    case ETIMEDOUT:
        return "no answer in time";
    case ECONNREFUSED:
        return "connection refused: nothing listens there";
    case EPIPE:
        return "it closes the connection without an answer";
    case EBADMSG:
        return "what it answers is no answer to this";
    case EADDRNOTAVAIL:
        return "this host does not have the address to ask from";
    case EPERM:
    case EACCES:
        return "this takes root";
    default:
        return strerror(-error);
    }
}

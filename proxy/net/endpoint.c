#include "net/endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int endpoint_open(const struct address *local, enum socket_kind kind, bool proxied,
                  struct endpoint **out)
{
    struct endpoint *e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    *e = (struct endpoint){.refs = 1, .local = *local, .proxied = proxied, .udp = -1, .tcp = -1};
    if (!proxied)
        e->udp = socket_bind_udp(local, kind);
    int error = proxied || e->udp >= 0 ? 0 : e->udp;
    if (error == 0) {
        e->tcp = socket_bind_tcp(local, kind);
        error = e->tcp < 0 ? e->tcp : 0;
    }
    if (error < 0)
        endpoint_unref(e);
    else
        *out = e;
    return error;
}

struct endpoint *endpoint_ref(struct endpoint *e)
{
    atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
    return e;
}

void endpoint_unref(struct endpoint *e)
{
    if (atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) > 1)
        return;
    if (e->udp >= 0)
        close(e->udp);
    if (e->tcp >= 0)
        close(e->tcp);
    free(e);
}

int endpoint_listen(const struct endpoint *e)
{
    return listen(e->tcp, SOMAXCONN) < 0 ? -errno : 0;
}

void endpoint_refuse(const struct endpoint *e)
{
    (void)shutdown(e->tcp, SHUT_RD);
}

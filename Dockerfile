# docker build -t tsig-proxy .
# docker run --read-only --tmpfs /run/tsig-proxy:mode=1777 --cap-drop ALL --cap-add NET_BIND_SERVICE \
#     --security-opt no-new-privileges --stop-timeout 75 -v /etc/tsig-proxy:/etc/tsig-proxy:ro \
#     -p 53:53/udp -p 53:53/tcp tsig-proxy
#
# Between two servers, to see it work: etc/compose.yaml. In Kubernetes: etc/kubernetes.

FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        gcc libc6-dev cmake ninja-build pkg-config \
        libuv1-dev libssl-dev libinih-dev libcap-ng-dev libseccomp-dev libjansson-dev \
        libmicrohttpd-dev libcriterion-dev
WORKDIR /source
COPY . .
RUN cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX=/usr \
    && cmake --build build --target tsig-proxy unit-tests loop-tests admin-tests
# The tests that need no privilege; there is no image when one fails.
RUN build/tests/unit-tests --timeout 60 && build/tests/loop-tests --timeout 60 \
    && build/tests/admin-tests --timeout 60
RUN DESTDIR=/install cmake --install build --strip && mv /install/usr/*bin/tsig-proxy /install

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libuv1 libssl3 libinih1 libcap-ng0 libseccomp2 \
        libjansson4 libmicrohttpd12 \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log \
    && groupadd --system --gid 953 tsig-proxy \
    && useradd --system --uid 953 --gid 953 --home-dir /nonexistent --shell /usr/sbin/nologin tsig-proxy \
    && mkdir /etc/tsig-proxy \
    && mkdir --mode 1777 /run/tsig-proxy
COPY --from=build /install/tsig-proxy /usr/sbin/tsig-proxy

# Configuration and keys are mounted at /etc/tsig-proxy, readable for uid 953. Nothing is written but the control
# socket in /run/tsig-proxy, which is a tmpfs where the file system is read-only.
#
# Port 53 is open to this user
#  - where net.ipv4.ip_unprivileged_port_start is 0: Docker since 20.10 and containerd since 2.0 make a container's own
#    network so; in Kubernetes it is a safe sysctl of the pod; on the host's network it is the host's to set;
#  - with the ambient capability that Podman makes of --cap-add NET_BIND_SERVICE for a user other than root.
# Both go with --cap-drop ALL and no-new-privileges, and the first needs no capability at all. setcap on the program
# would not do: no-new-privileges makes the kernel ignore it, and where the container may not have NET_BIND_SERVICE,
# the program could not even be started.
USER 953:953
EXPOSE 53/udp 53/tcp
# It is process 1 itself: SIGTERM lets transfers in flight finish, for at most drain-timeout.
ENTRYPOINT ["/usr/sbin/tsig-proxy"]
CMD ["run"]
HEALTHCHECK --interval=30s --timeout=10s --start-period=5s CMD ["/usr/sbin/tsig-proxy", "health"]

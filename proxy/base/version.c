#include "base/version.h"

#include <jansson.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <seccomp.h>
#include <stdio.h>
#include <uv.h>

void version_print(void)
{
    const struct scmp_version *seccomp = seccomp_version();
    printf("tsig-proxy " TSIG_PROXY_VERSION "%s\n",
           *TSIG_PROXY_COMMIT ? " (commit " TSIG_PROXY_COMMIT ")" : "");
    printf("libuv %s, OpenSSL %s, inih " TSIG_PROXY_INIH ", jansson %s, libmicrohttpd %s, "
           "libcap-ng " TSIG_PROXY_CAPNG ", libseccomp %u.%u.%u\n",
           uv_version_string(), OpenSSL_version(OPENSSL_VERSION_STRING), jansson_version_str(),
           MHD_get_version(), seccomp->major, seccomp->minor, seccomp->micro);
}

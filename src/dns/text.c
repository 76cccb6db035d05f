#include "dns/text.h"

#include <stddef.h>
#include <stdio.h>

/* 16 is BADVERS in an answer's header and OPT; BADSIG only in a TSIG record. */
static const char *const text_rcodes[] = {
    [0] = "NOERROR",  [1] = "FORMERR",    [2] = "SERVFAIL", [3] = "NXDOMAIN",  [4] = "NOTIMP",
    [5] = "REFUSED",  [6] = "YXDOMAIN",   [7] = "YXRRSET",  [8] = "NXRRSET",   [9] = "NOTAUTH",
    [10] = "NOTZONE", [11] = "DSOTYPENI", [16] = "BADVERS", [17] = "BADKEY",   [18] = "BADTIME",
    [19] = "BADMODE", [20] = "BADNAME",   [21] = "BADALG",  [22] = "BADTRUNC", [23] = "BADCOOKIE",
};

static const char *const text_opcodes[] = {
    [0] = "QUERY", [1] = "IQUERY", [2] = "STATUS", [4] = "NOTIFY", [5] = "UPDATE", [6] = "DSO",
};

static const char *const text_types[] = {
    [1] = "A",           [2] = "NS",          [5] = "CNAME",   [6] = "SOA",     [12] = "PTR",
    [13] = "HINFO",      [15] = "MX",         [16] = "TXT",    [17] = "RP",     [18] = "AFSDB",
    [24] = "SIG",        [25] = "KEY",        [28] = "AAAA",   [29] = "LOC",    [30] = "NXT",
    [33] = "SRV",        [35] = "NAPTR",      [36] = "KX",     [37] = "CERT",   [39] = "DNAME",
    [41] = "OPT",        [42] = "APL",        [43] = "DS",     [44] = "SSHFP",  [45] = "IPSECKEY",
    [46] = "RRSIG",      [47] = "NSEC",       [48] = "DNSKEY", [49] = "DHCID",  [50] = "NSEC3",
    [51] = "NSEC3PARAM", [52] = "TLSA",       [53] = "SMIMEA", [55] = "HIP",    [59] = "CDS",
    [60] = "CDNSKEY",    [61] = "OPENPGPKEY", [62] = "CSYNC",  [63] = "ZONEMD", [64] = "SVCB",
    [65] = "HTTPS",      [66] = "DSYNC",      [99] = "SPF",    [104] = "NID",   [105] = "L32",
    [106] = "L64",       [107] = "LP",        [108] = "EUI48", [109] = "EUI64", [249] = "TKEY",
    [250] = "TSIG",      [251] = "IXFR",      [252] = "AXFR",  [253] = "MAILB", [254] = "MAILA",
    [255] = "ANY",       [256] = "URI",       [257] = "CAA",
};

/* What a table has at a number, NULL in its gaps and past its end. */
static const char *text_at(const char *const *table, size_t count, unsigned number)
{
    return number < count ? table[number] : NULL;
}

static const char *text_or_number(const char *text, const char *kind, unsigned number,
                                  char out[DNS_TEXT_SIZE])
{
    if (text)
        return text;
    snprintf(out, DNS_TEXT_SIZE, "%s%u", kind, number);
    return out;
}

const char *dns_text_rcode(unsigned rcode, char out[DNS_TEXT_SIZE])
{
    return text_or_number(text_at(text_rcodes, sizeof text_rcodes / sizeof *text_rcodes, rcode),
                          "RCODE", rcode, out);
}

const char *dns_text_type(uint16_t type, char out[DNS_TEXT_SIZE])
{
    return text_or_number(text_at(text_types, sizeof text_types / sizeof *text_types, type), "TYPE",
                          type, out);
}

const char *dns_text_opcode(unsigned opcode, char out[DNS_TEXT_SIZE])
{
    return text_or_number(text_at(text_opcodes, sizeof text_opcodes / sizeof *text_opcodes, opcode),
                          "OPCODE", opcode, out);
}

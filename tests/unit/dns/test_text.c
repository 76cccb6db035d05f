#include "dns/text.h"

#include <criterion/criterion.h>
#include <limits.h>

static char out[DNS_TEXT_SIZE];

struct word {
    unsigned number;
    const char *text;
};

Test(dns_text, rcodes)
{
    static const struct word words[] = {
        {0, "NOERROR"},    {1, "FORMERR"},  {2, "SERVFAIL"},     {3, "NXDOMAIN"},
        {4, "NOTIMP"},     {5, "REFUSED"},  {6, "YXDOMAIN"},     {7, "YXRRSET"},
        {8, "NXRRSET"},    {9, "NOTAUTH"},  {10, "NOTZONE"},     {11, "DSOTYPENI"},
        {12, "RCODE12"},   {15, "RCODE15"}, {16, "BADVERS"},     {22, "BADTRUNC"},
        {23, "BADCOOKIE"}, {24, "RCODE24"}, {4000, "RCODE4000"}, {UINT_MAX, "RCODE4294967295"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        cr_expect_str_eq(dns_text_rcode(words[i].number, out), words[i].text, "%u",
                         words[i].number);
}

Test(dns_text, types)
{
    static const struct word words[] = {
        {0, "TYPE0"},  {1, "A"},      {2, "NS"},       {3, "TYPE3"},     {5, "CNAME"},
        {6, "SOA"},    {12, "PTR"},   {15, "MX"},      {16, "TXT"},      {28, "AAAA"},
        {33, "SRV"},   {35, "NAPTR"}, {39, "DNAME"},   {41, "OPT"},      {43, "DS"},
        {46, "RRSIG"}, {47, "NSEC"},  {48, "DNSKEY"},  {50, "NSEC3"},    {51, "NSEC3PARAM"},
        {52, "TLSA"},  {59, "CDS"},   {60, "CDNSKEY"}, {62, "CSYNC"},    {63, "ZONEMD"},
        {64, "SVCB"},  {65, "HTTPS"}, {249, "TKEY"},   {250, "TSIG"},    {251, "IXFR"},
        {252, "AXFR"}, {255, "ANY"},  {257, "CAA"},    {258, "TYPE258"}, {65535, "TYPE65535"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        cr_expect_str_eq(dns_text_type((uint16_t)words[i].number, out), words[i].text, "%u",
                         words[i].number);
}

Test(dns_text, opcodes)
{
    static const struct word words[] = {
        {0, "QUERY"},  {1, "IQUERY"}, {2, "STATUS"},    {3, "OPCODE3"},
        {4, "NOTIFY"}, {5, "UPDATE"}, {15, "OPCODE15"}, {UINT_MAX, "OPCODE4294967295"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        cr_expect_str_eq(dns_text_opcode(words[i].number, out), words[i].text, "%u",
                         words[i].number);
}

#include "dns/rdata.h"

#include <stddef.h>

static const struct dns_rdata_layout rdata_layouts[] = {
    {2, 0, 0, 1, true},    /* NS */
    {3, 0, 0, 1, true},    /* MD */
    {4, 0, 0, 1, true},    /* MF */
    {5, 0, 0, 1, true},    /* CNAME */
    {6, 0, 0, 2, true},    /* SOA */
    {7, 0, 0, 1, true},    /* MB */
    {8, 0, 0, 1, true},    /* MG */
    {9, 0, 0, 1, true},    /* MR */
    {12, 0, 0, 1, true},   /* PTR */
    {14, 0, 0, 2, true},   /* MINFO */
    {15, 2, 0, 1, true},   /* MX */
    {17, 0, 0, 2, false},  /* RP */
    {18, 2, 0, 1, false},  /* AFSDB */
    {21, 2, 0, 1, false},  /* RT */
    {24, 18, 0, 1, false}, /* SIG */
    {26, 2, 0, 2, false},  /* PX */
    {30, 0, 0, 1, false},  /* NXT */
    {33, 6, 0, 1, false},  /* SRV */
    {35, 4, 3, 1, false},  /* NAPTR */
};

const struct dns_rdata_layout *dns_rdata_layout(uint16_t type)
{
    for (size_t i = 0; i < sizeof rdata_layouts / sizeof *rdata_layouts; i++)
        if (rdata_layouts[i].type == type)
            return &rdata_layouts[i];
    return NULL;
}

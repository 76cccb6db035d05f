/* One sentence about everything. */
#ifndef ADMIN_SUMMARY_H
#define ADMIN_SUMMARY_H

#include <stdio.h>

#include "admin/rows.h"
#include "admin/view.h"

void summary_write(FILE *out, const struct config *config, const struct names *names,
                   const struct rows *rows, const struct view *view);

#endif

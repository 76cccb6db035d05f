/* A secondary's connection to a proxy, and who waits for what over it. */
#ifndef SIM_LINE_H
#define SIM_LINE_H

#include "pipe.h"

struct copy;
struct line;

void line_ask(struct copy *c, const uint8_t *octets, size_t len);
/* Fine for one that has none. Not `answered`: what still comes for it is nobody's. */
void line_leave(struct copy *c, bool answered);
void line_lose(struct line *line); /* its end is gone already */
bool line_is_altered(const struct line *line);

#endif

/* One change of all zones of a fleet that no machine could have: how long until every secondary has
 * it, and what that takes. The relay is the real one; what it costs in CPU is not counted. */
#ifndef SIM_FLEET_H
#define SIM_FLEET_H

#include <stdbool.h>

struct fleet {
    unsigned zones;
    unsigned secondaries;
    unsigned group; /* secondaries of each zone */
    unsigned instances;
    bool moving;   /* the instance that has the address dies on the way, and it moves */
    unsigned pace; /* NOTIFYs a second from the primary */
};

void fleet_run(const struct fleet *fleet);

#endif

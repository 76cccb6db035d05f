#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "play.h"

void fault_begin(void);
void fault_end(void); /* all is well again */
void fault_fini(void);

#endif

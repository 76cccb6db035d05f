#include "play.h"

void fault_begin(void)
{
}

void fault_end(void)
{
}

void fault_fini(void)
{
}

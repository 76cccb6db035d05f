/* Who is no party, and says what he has heard or made up: from his own addresses and from others'.
 * Names that he makes up have capitals, and addresses of his are TRUTH_MARK, by which they are
 * known wherever they come through. */
#ifndef SIM_FORGER_H
#define SIM_FORGER_H

void forger_begin(void);
void forger_end(void);

#endif

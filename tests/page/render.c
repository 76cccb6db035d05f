/* Reads a status document and writes the policy of its page, an empty line, and the page: what the
 * tests of the page show a browser. "still" as argument: it does not renew itself. */
#include <stdio.h>
#include <string.h>

#include "admin/page.h"

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *document = json_loadf(stdin, 0, &error);
    if (!document) {
        fprintf(stderr, "line %d: %s\n", error.line, error.text);
        return 1;
    }
    printf("%s\n\n", page_policy());
    page_write(stdout, document, argc > 1 && strcmp(argv[1], "still") == 0);
    json_decref(document);
    return 0;
}

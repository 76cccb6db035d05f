#include "admin/text.h"

#include <stdlib.h>
#include <string.h>

json_t *text_to_json(const char *text, size_t len)
{
    json_t *string = json_stringn(text, len);
    char *copy = string ? NULL : malloc(len + 1);
    if (!copy)
        return string;
    memcpy(copy, text, len);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)copy[i] >= 0x80)
            copy[i] = '?';
    string = json_stringn(copy, len);
    free(copy);
    return string;
}

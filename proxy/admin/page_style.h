#ifndef ADMIN_PAGE_STYLE_H
#define ADMIN_PAGE_STYLE_H

/* The page's style sheet, without any markup. */
extern const char page_style[];

#endif

/*
 * The pages for people: the files of src/web, with those of `web-dir` in their place, and the HTML made of them.
 */
#ifndef USHER_API_PAGES_H
#define USHER_API_PAGES_H

#include "http/files.h"

/* The languages there is HTML for; the first is for who asks for none of them. */
#define PAGE_LANGUAGES 2
extern const char *const page_languages[PAGE_LANGUAGES];

enum page_kind { PAGE_BUYER, PAGE_ADMIN, PAGE_KINDS };

struct pages {
	struct files files; /* what is served under /web/{version}/ */
	struct files html;
	const struct file *page[PAGE_KINDS][PAGE_LANGUAGES];
};

/* Reads the files and writes the HTML: in *.html, {{assets}} becomes the path of the files, {{lang}} the language and
 * {{title}} the title in brand.json. `dir` may be NULL. On failure gives NULL and says in `why` what is wrong. */
struct pages *pages_new(const char *dir, char *why, size_t why_size);
void pages_free(struct pages *p);

#endif

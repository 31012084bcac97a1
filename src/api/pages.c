/* GET /, /c/{concertId}, /admin and /web/{version}/{file}: what a browser loads. */
#include "api/pages.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/routes.h"
#include "base/json_read.h"
#include "base/text.h"
#include "embedded.h"

#define BRAND "brand.json"

const char *const page_languages[PAGE_LANGUAGES] = {"en", "ko"};
static const char *const page_files[PAGE_KINDS] = {"buyer.html", "admin.html"};

/* Nothing but our own files and our own API: no script or style inside the HTML, nothing from elsewhere, no frame. */
static const char content_policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
	"manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* What the templates are filled with. */
struct filling {
	const char *assets, *lang, *title;
};

static void add_escaped(struct text *t, const char *text)
{
	for (; *text; text++) {
		const char *entity = *text == '&'    ? "&amp;"
				     : *text == '<'  ? "&lt;"
				     : *text == '>'  ? "&gt;"
				     : *text == '"'  ? "&quot;"
				     : *text == '\'' ? "&#39;"
						     : NULL;

		if (entity)
			text_add(t, "%s", entity);
		else
			text_add(t, "%c", *text);
	}
}

static void add_word(struct text *t, const char *word, size_t len, const struct filling *f)
{
	if (len == 6 && memcmp(word, "assets", 6) == 0)
		add_escaped(t, f->assets);
	else if (len == 4 && memcmp(word, "lang", 4) == 0)
		add_escaped(t, f->lang);
	else if (len == 5 && memcmp(word, "title", 5) == 0)
		add_escaped(t, f->title);
}

static void template_fill(struct text *t, const char *at, const struct filling *f)
{
	const char *open, *close;

	while ((open = strstr(at, "{{")) && (close = strstr(open, "}}"))) {
		text_add(t, "%.*s", (int)(open - at), at);
		add_word(t, open + 2, (size_t)(close - open - 2), f);
		at = close + 2;
	}
	text_add(t, "%s", at);
}

/* The title in a language: "title" of the brand is one text, or one for each language. */
static const char *brand_title(const cJSON *brand, const char *lang)
{
	const cJSON *title = cJSON_GetObjectItemCaseSensitive(brand, "title");

	if (cJSON_IsObject(title))
		title = cJSON_GetObjectItemCaseSensitive(title, lang);
	return cJSON_IsString(title) ? title->valuestring : "Usher";
}

static bool all_text(const cJSON *object)
{
	const cJSON *member;

	cJSON_ArrayForEach (member, object)
		if (!cJSON_IsString(member))
			return false;
	return cJSON_IsObject(object);
}

/* A currency as ISO 4217 writes it: browsers refuse to write an amount in anything else. */
static bool is_currency(const cJSON *item)
{
	const char *text = cJSON_IsString(item) ? item->valuestring : "";

	return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static bool is_range(const cJSON *item)
{
	int64_t from, to;

	return json_integer(cJSON_GetObjectItemCaseSensitive(item, "from"), 1, ID_MOST, &from) &&
	       json_integer(cJSON_GetObjectItemCaseSensitive(item, "to"), from, ID_MOST, &to);
}

/* What is wrong with the parts that are no texts, or NULL. */
static const char *brand_values_trouble(const cJSON *brand)
{
	const cJSON *currency = cJSON_GetObjectItemCaseSensitive(brand, "currency");
	const cJSON *zone = cJSON_GetObjectItemCaseSensitive(brand, "timeZone");
	const cJSON *demo = cJSON_GetObjectItemCaseSensitive(brand, "demoMembers");

	if (currency && !is_currency(currency))
		return "currency: must be three capital letters, such as KRW";
	if (zone && !(cJSON_IsString(zone) && *zone->valuestring))
		return "timeZone: must be the name of a time zone, such as Asia/Seoul";
	if (demo && !is_range(demo))
		return "demoMembers: must be an object with whole numbers from and to";
	return NULL;
}

/* What is wrong with a brand file, or NULL. */
static const char *brand_trouble(const cJSON *brand)
{
	const cJSON *title = cJSON_GetObjectItemCaseSensitive(brand, "title");
	const cJSON *colors = cJSON_GetObjectItemCaseSensitive(brand, "colors");
	const cJSON *texts = cJSON_GetObjectItemCaseSensitive(brand, "texts"), *language;

	if (!cJSON_IsObject(brand))
		return "must be a JSON object";
	if (title && !cJSON_IsString(title) && !all_text(title))
		return "title: must be text, or an object with a text for each language";
	if (colors && !all_text(colors))
		return "colors: must be an object of texts";
	if (texts && !cJSON_IsObject(texts))
		return "texts: must be an object with an object for each language";
	cJSON_ArrayForEach (language, texts)
		if (!all_text(language))
			return "texts: each language must be an object of texts";
	return brand_values_trouble(brand);
}

/* The brand file, checked, so that what is wrong in it shows at the start and not on the page. */
static cJSON *brand_read(const struct files *files, char *why, size_t why_size)
{
	const struct file *file = files_find(files, BRAND, strlen(BRAND));
	bool text = file && utf8_valid(file->text, file->len);
	cJSON *brand = text ? cJSON_ParseWithOpts(file->text, NULL, true) : NULL;
	const char *trouble = !brand ? "is not valid JSON" : brand_trouble(brand);

	if (!trouble)
		return brand;
	cJSON_Delete(brand);
	snprintf(why, why_size, BRAND ": %s", trouble);
	return NULL;
}

static bool page_make(struct pages *p, enum page_kind kind, size_t lang, const struct filling *f)
{
	const struct file *source = files_find(&p->files, page_files[kind], strlen(page_files[kind]));
	struct arena arena = {0};
	struct text t = {.arena = &arena};
	char name[FILE_NAME_MOST];
	bool made;

	snprintf(name, sizeof(name), "%s-%s", page_languages[lang], page_files[kind]);
	template_fill(&t, source ? source->text : "", f);
	made = !t.failed && files_add(&p->html, name, t.at ? t.at : "", t.len);
	arena_free(&arena);
	return made;
}

/* The HTML of every page in every language. */
static bool html_make(struct pages *p, const cJSON *brand)
{
	char assets[32];

	snprintf(assets, sizeof(assets), "/web/%s", p->files.tag);
	for (int kind = 0; kind < PAGE_KINDS; kind++)
		for (size_t i = 0; i < PAGE_LANGUAGES; i++) {
			struct filling f = {assets, page_languages[i], brand_title(brand, page_languages[i])};

			if (!page_make(p, kind, i, &f))
				return false;
		}
	if (!files_seal(&p->html))
		return false;
	for (int i = 0; i < PAGE_KINDS * PAGE_LANGUAGES; i++)
		p->page[i / PAGE_LANGUAGES][i % PAGE_LANGUAGES] = &p->html.at[i];
	return true;
}

static bool files_gather(struct files *f, const char *dir, char *why, size_t why_size)
{
	for (size_t i = 0; i < embedded_file_count; i++)
		if (!files_add(f, embedded_files[i].name, embedded_files[i].data, embedded_files[i].len))
			return false;
	return !dir || files_add_directory(f, dir, why, why_size);
}

/* The brand is served as we have read it: what we forgive (a line end inside a text), a browser would not. */
static bool brand_write(struct files *f, const cJSON *brand)
{
	char *text = cJSON_PrintUnformatted(brand);
	bool added = text && files_add(f, BRAND, text, strlen(text));

	cJSON_free(text);
	return added;
}

struct pages *pages_new(const char *dir, char *why, size_t why_size)
{
	struct pages *p = calloc(1, sizeof(*p));
	cJSON *brand = NULL;

	snprintf(why, why_size, "out of memory");
	if (p && files_gather(&p->files, dir, why, why_size))
		brand = brand_read(&p->files, why, why_size);
	if (!brand || !brand_write(&p->files, brand) || !files_seal(&p->files) || !html_make(p, brand)) {
		pages_free(p);
		p = NULL;
	}
	cJSON_Delete(brand);
	return p;
}

void pages_free(struct pages *p)
{
	if (!p)
		return;
	files_free(&p->files);
	files_free(&p->html);
	free(p);
}

static enum step reply_page(struct request *r, enum page_kind kind)
{
	size_t lang = request_language(r, page_languages, PAGE_LANGUAGES);

	reply_header(r, "Content-Security-Policy", content_policy);
	reply_header(r, "Referrer-Policy", "no-referrer");
	reply_header(r, "Cross-Origin-Opener-Policy", "same-origin");
	/* It names the version of all other files, so it must be asked about. */
	return reply_file(r, visit_of(r)->worker->pages->page[kind][lang], "no-cache", "Accept-Language");
}

enum step page_buyer(struct request *r)
{
	return reply_page(r, PAGE_BUYER);
}

enum step page_admin(struct request *r)
{
	return reply_page(r, PAGE_ADMIN);
}

/* A version that is not ours belongs to a daemon before or after this one: the nearest thing to it is what we have, but
 * nobody may keep it under that name. */
enum step page_file(struct request *r)
{
	const struct files *files = &visit_of(r)->worker->pages->files;
	const struct file *file = files_find(files, r->params[1].text, r->params[1].len);
	bool ours = r->params[0].len == FILES_TAG - 1 && memcmp(r->params[0].text, files->tag, FILES_TAG - 1) == 0;

	if (!file || strstr(file->name, ".html"))
		return reply_problem(r, CODE_NOT_FOUND, NULL);
	return reply_file(r, file, ours ? "public, max-age=31536000, immutable" : "no-cache", NULL);
}

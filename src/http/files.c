/* Files in memory: read once at the start, compressed once, served by any worker. */
#include "http/files.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16)
#define GZIP_MEMORY 9
#define GZIP_LEAST 256 /* bytes: shorter texts are left as they are */
#define TAG_BYTES ((FILES_TAG - 1) / 2)

static const struct {
	const char *ending, *type;
	bool text; /* worth compressing */
} types[] = {
	{"html", "text/html; charset=utf-8", true},
	{"css", "text/css; charset=utf-8", true},
	{"js", "text/javascript; charset=utf-8", true},
	{"json", "application/json", true},
	{"webmanifest", "application/manifest+json", true},
	{"svg", "image/svg+xml", true},
	{"txt", "text/plain; charset=utf-8", true},
	{"png", "image/png", false},
	{"jpg", "image/jpeg", false},
	{"webp", "image/webp", false},
	{"ico", "image/x-icon", false},
	{"woff2", "font/woff2", false},
	{"", "application/octet-stream", false}, /* whatever else: the last */
};

static size_t type_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t i = 0;

	while (*types[i].ending && !(dot && strcmp(dot + 1, types[i].ending) == 0))
		i++;
	return i;
}

const struct file *files_find(const struct files *f, const char *name, size_t len)
{
	for (size_t i = 0; i < f->count; i++)
		if (strlen(f->at[i].name) == len && memcmp(f->at[i].name, name, len) == 0)
			return &f->at[i];
	return NULL;
}

/* Room for one more, zeroed. */
static struct file *file_new(struct files *f)
{
	struct file *more = f->count < FILES_MOST ? realloc(f->at, (f->count + 1) * sizeof(*more)) : NULL;

	if (!more)
		return NULL;
	f->at = more;
	more += f->count++;
	memset(more, 0, sizeof(*more));
	return more;
}

bool files_add(struct files *f, const char *name, const char *text, size_t len)
{
	struct file *file = (struct file *)(uintptr_t)files_find(f, name, strlen(name));
	char *kept = strlen(name) <= FILE_NAME_MOST ? malloc(len + 1) : NULL;

	if (kept && !file)
		file = file_new(f);
	if (!kept || !file) {
		free(kept);
		return false;
	}
	memcpy(kept, text, len);
	kept[len] = '\0';
	free(file->text);
	strcpy(file->name, name);
	file->type = types[type_of(name)].type;
	file->text = kept;
	file->len = len;
	return true;
}

static bool name_is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = strlen(name);

	return n && n <= FILE_NAME_MOST && name[0] != '.' && strspn(name, plain) == n;
}

/* Reads a file whole. NULL with errno. */
static char *file_read(const char *path, size_t most, size_t *len)
{
	FILE *in = fopen(path, "rb");
	char *text = in ? malloc(most + 1) : NULL;

	*len = text ? fread(text, 1, most + 1, in) : 0;
	if (text && (ferror(in) || *len > most)) {
		free(text);
		text = NULL;
		errno = EFBIG;
	}
	if (in)
		fclose(in);
	return text;
}

/* Adds one entry of a directory; `room`: bytes that may still come. */
static bool entry_add(struct files *f, const char *directory, const char *name, size_t *room, char *why, size_t size)
{
	char path[4096], *text;
	struct stat st;
	size_t len;
	bool added;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (!name_is_plain(name))
		return true;
	if (stat(path, &st) != 0) {
		snprintf(why, size, "%s: %s", name, strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode))
		return true;
	if ((size_t)st.st_size > *room) {
		snprintf(why, size, "%s: the files take more than %d bytes", name, FILES_BYTES_MOST);
		return false;
	}
	text = file_read(path, (size_t)st.st_size, &len);
	added = text && files_add(f, name, text, len);
	if (!added)
		snprintf(why, size, "%s: %s", name, text ? "there are too many files" : strerror(errno));
	free(text);
	*room -= len;
	return added;
}

bool files_add_directory(struct files *f, const char *path, char *why, size_t why_size)
{
	size_t room = FILES_BYTES_MOST;
	struct dirent **entries;
	bool good = true;
	int count = scandir(path, &entries, NULL, alphasort); /* the digest of all is to be the same everywhere */

	if (count < 0) {
		snprintf(why, why_size, "cannot read %s: %s", path, strerror(errno));
		return false;
	}
	for (int i = 0; i < count; i++) {
		good = good && entry_add(f, path, entries[i]->d_name, &room, why, why_size);
		free(entries[i]);
	}
	free(entries);
	return good;
}

static bool file_compress(struct file *file)
{
	z_stream z = {0};
	size_t most;

	if (!types[type_of(file->name)].text || file->len < GZIP_LEAST)
		return true;
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	most = deflateBound(&z, file->len);
	file->gzip = malloc(most);
	z.next_in = (unsigned char *)file->text;
	z.avail_in = (unsigned)file->len;
	z.next_out = (unsigned char *)file->gzip;
	z.avail_out = (unsigned)most;
	if (file->gzip && deflate(&z, Z_FINISH) == Z_STREAM_END)
		file->gzip_len = z.total_out;
	deflateEnd(&z);
	if (file->gzip_len && file->gzip_len < file->len)
		return true;
	free(file->gzip);
	file->gzip = NULL;
	return file->gzip_len != 0;
}

bool files_seal(struct files *f)
{
	crypto_generichash_state all;
	unsigned char sum[crypto_generichash_BYTES];

	crypto_generichash_init(&all, NULL, 0, sizeof(sum));
	for (size_t i = 0; i < f->count; i++) {
		struct file *file = &f->at[i];

		crypto_generichash(sum, sizeof(sum), (const unsigned char *)file->text, file->len, NULL, 0);
		sodium_bin2hex(file->tag, FILES_TAG, sum, TAG_BYTES);
		crypto_generichash_update(&all, (const unsigned char *)file->name, strlen(file->name) + 1);
		crypto_generichash_update(&all, sum, sizeof(sum));
		if (!file_compress(file))
			return false;
	}
	crypto_generichash_final(&all, sum, sizeof(sum));
	sodium_bin2hex(f->tag, FILES_TAG, sum, TAG_BYTES);
	return true;
}

void files_free(struct files *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->at[i].text);
		free(f->at[i].gzip);
	}
	free(f->at);
	*f = (struct files){0};
}

enum step reply_file(struct request *r, const struct file *file, const char *cache, const char *vary)
{
	bool gzip = file->gzip && request_takes_gzip(r);
	char etag[FILES_TAG + 8], varies[64];

	snprintf(varies, sizeof(varies), "Accept-Encoding%s%s", vary ? ", " : "", vary ? vary : "");
	snprintf(etag, sizeof(etag), "\"%s%s\"", file->tag, gzip ? "-gzip" : "");
	reply_header(r, "ETag", etag);
	reply_header(r, "Cache-Control", cache);
	reply_header(r, "Vary", varies);
	if (request_knows(r, etag))
		return reply_empty(r, 304);
	if (gzip)
		reply_header(r, "Content-Encoding", "gzip");
	return reply_text(r, 200, file->type, gzip ? file->gzip : file->text, gzip ? file->gzip_len : file->len);
}

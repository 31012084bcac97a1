/* Request bodies: what is accepted is within its table, is what stands in the text, and reads the same
 * when it is written again. The first byte chooses the route. */
#include <cjson/cJSON.h>

#include "api/bodies.h"
#include "base/arena.h"
#include "base/json_write.h"
#include "store/queues.h"
#include "tests/fuzz/fuzz.h"

#define OUT_MOST 1024

static const struct body *const shapes[] = {&entering_body, &reserving_body, &paying_body, &charging_body, &patch_body};

static struct arena arena;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		must(shapes[i]->size <= OUT_MOST);
	return 0;
}

/* Where a string that begins at `i` ends. */
static size_t string_end(const char *text, size_t len, size_t i)
{
	for (i++; i < len && text[i] != '"'; i++)
		i += text[i] == '\\';
	return i;
}

/* The number behind a key of the outermost object as it is written; NULL: the key is not written plainly. */
static const char *number_text(const char *text, size_t len, const char *key, size_t *number_len)
{
	size_t n = strlen(key), depth = 0;

	for (size_t i = 0; i < len; i++) {
		size_t from = i + 1;

		depth += text[i] == '{' || text[i] == '[';
		depth -= text[i] == '}' || text[i] == ']';
		if (text[i] != '"')
			continue;
		i = string_end(text, len, i);
		if (depth != 1 || i - from != n || memcmp(text + from, key, n) != 0)
			continue;
		for (i++; i < len && strchr(" \t\r\n:", text[i]);)
			i++;
		for (*number_len = 0; i + *number_len < len && strchr("0123456789+-.eE", text[i + *number_len]);)
			++*number_len;
		if (*number_len)
			return text + i;
	}
	return NULL;
}

/* Takes a number's text apart: its digits without zeros at either end, and the power of ten they stand at. */
static void decimal(const char *text, size_t len, char *digits, long *power)
{
	const char *e = memchr(text, 'e', len);
	size_t n = 0, i = *text == '-';

	e = e ? e : memchr(text, 'E', len);
	*power = e ? strtol(e + 1, NULL, 10) : 0;
	for (bool point = false; i < len && text + i != e; i++) {
		if (text[i] == '.') {
			point = true;
			continue;
		}
		*power -= point;
		if (n || text[i] != '0')
			digits[n++] = text[i];
	}
	for (; n && digits[n - 1] == '0'; n--)
		++*power;
	digits[n] = '\0';
	*power = n ? *power : 0;
}

/* A number that was taken stands in the text, digit by digit. */
static void exactly(const char *text, size_t len, const char *key, int64_t value)
{
	char written[24], *digits, want[24];
	long power, want_power;
	size_t n;
	const char *number = number_text(text, len, key, &n);

	if (!number)
		return;
	snprintf(written, sizeof(written), "%lld", (long long)value);
	decimal(written, strlen(written), want, &want_power);
	digits = malloc(n + 1);
	must(digits);
	/* In memory of its own, so that strtol() ends with the number. */
	number = arena_copy(&arena, number, n);
	must(number);
	decimal(number, n, digits, &power);
	must(strcmp(digits, want) == 0 && power == want_power && (*number == '-') <= (value <= 0));
	free(digits);
}

static int64_t characters(const char *text)
{
	int64_t n = 0;

	must(utf8_valid(text, strlen(text)));
	for (; *text; text++) {
		must((unsigned char)*text >= ' ' && *text != 127);
		n += ((unsigned char)*text & 0xc0) != 0x80;
	}
	return n;
}

static void field_check(const char *text, size_t len, const struct json_field *f, const void *value)
{
	int64_t n = *(const int64_t *)value;

	switch (f->kind) {
	case JSON_INT:
		must(n >= f->least && n <= f->most);
		exactly(text, len, f->name, n);
		break;
	case JSON_BOOL:
		must(n == 0 || n == 1);
		break;
	case JSON_TIME:
		must(n >= 0);
		break;
	case JSON_LIST:
		n = cJSON_GetArraySize(*(const cJSON *const *)value);
		must(n >= f->least && n <= f->most);
		break;
	default:
		n = characters(*(const char *const *)value);
		must(n >= f->least && n <= f->most);
	}
}

static void field_write(struct json *j, const struct json_field *f, const void *value)
{
	const cJSON *item;

	switch (f->kind) {
	case JSON_INT:
		json_int(j, f->name, *(const int64_t *)value);
		break;
	case JSON_BOOL:
		json_bool(j, f->name, *(const int64_t *)value);
		break;
	case JSON_TIME:
		json_time(j, f->name, *(const int64_t *)value);
		break;
	case JSON_LIST:
		json_array(j, f->name);
		cJSON_ArrayForEach (item, *(const cJSON *const *)value)
			json_text(j, NULL, cJSON_GetStringValue(item));
		json_array_end(j);
		break;
	default:
		json_text(j, f->name, *(const char *const *)value);
	}
}

static bool same(const struct json_field *f, const void *a, const void *b)
{
	if (f->kind == JSON_TEXT)
		return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
	if (f->kind == JSON_LIST)
		return cJSON_GetArraySize(*(const cJSON *const *)a) == cJSON_GetArraySize(*(const cJSON *const *)b);
	return *(const int64_t *)a == *(const int64_t *)b;
}

/* Writes what was read, and reads that. */
static void again(const struct body *shape, const cJSON *json, const char *out)
{
	_Alignas(8) char second[OUT_MOST] = {0};
	struct json j;
	const char *text, *why;

	json_begin(&j, &arena);
	json_object(&j, NULL);
	for (size_t i = 0; i < shape->count; i++)
		if (cJSON_GetObjectItemCaseSensitive(json, shape->fields[i].name))
			field_write(&j, &shape->fields[i], out + shape->fields[i].offset);
	json_object_end(&j);
	text = json_done(&j);
	must(text && strlen(text) == j.len);
	must((json = json_parse(&arena, text, j.len, &why)) && body_read(&arena, shape, json, second, &why));
	for (size_t i = 0; i < shape->count; i++) {
		const struct json_field *f = &shape->fields[i];

		must(!cJSON_GetObjectItemCaseSensitive(json, f->name) || same(f, out + f->offset, second + f->offset));
	}
}

static void seats_check(const struct reserving_body *body)
{
	struct seat_list seats;
	const char *why = NULL;

	if (!body_seats(&arena, body, &seats, &why)) {
		must(why && strncmp(why, "seatId", 6) == 0);
		return;
	}
	must(!body->seat != !body->seats && seats.count >= 1 && seats.count <= SEATS_MOST);
	must(body->seat ? seats.count == 1 && seats.ids[0] == body->seat
			: seats.count == (size_t)cJSON_GetArraySize(body->seats));
	for (size_t i = 0; i < seats.count; i++)
		must(seats.ids[i] > (i ? seats.ids[i - 1] : 0) && seats.ids[i] <= ID_MOST);
}

static void body_check(const struct body *shape, const char *text, size_t len)
{
	_Alignas(8) char out[OUT_MOST] = {0};
	const char *why = NULL;
	const cJSON *json = json_parse(&arena, text, len, &why);

	must(!json == (why != NULL));
	if (!json || !body_read(&arena, shape, json, out, &why)) {
		must(why && *why && utf8_valid(why, strlen(why)));
		return;
	}
	for (size_t i = 0; i < shape->count; i++)
		if (cJSON_GetObjectItemCaseSensitive(json, shape->fields[i].name))
			field_check(text, len, &shape->fields[i], out + shape->fields[i].offset);
		else
			must(shape->fields[i].need == JSON_OPTIONAL);
	again(shape, json, out);
	if (shape == &reserving_body)
		seats_check((const struct reserving_body *)out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size)
		body_check(shapes[*data % (sizeof(shapes) / sizeof(shapes[0]))], (const char *)data + 1, size - 1);
	arena_reset(&arena);
	return 0;
}

/*
 * Where a request ends has to be beyond doubt: if a proxy in front and we took it apart in two ways,
 * the end of one client's request would be the beginning of another's (RFC 9112, 6.3 and 11.2).
 * evhttp takes the first header of a name and looks no further.
 */
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <string.h>
#include <strings.h>

#include "http/server_internal.h"

/* A name that is not a token, such as one with a space before the colon, is another name for others. */
static bool is_token(const char *name)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	const char *p = name;

	while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
	       (*p && strchr(marks, *p)))
		p++;
	return p > name && !*p;
}

/* evhttp also takes a sign. */
static bool is_length(const char *value)
{
	return *value && value[strspn(value, "0123456789")] == '\0';
}

const char *framing_trouble(struct evhttp_request *ev)
{
	const struct evkeyval *h = evhttp_request_get_input_headers(ev)->tqh_first;
	enum evhttp_cmd_type method = evhttp_request_get_command(ev);
	const char *length = NULL, *coding = NULL;

	for (; h; h = h->next.tqe_next) {
		const char **seen = strcasecmp(h->key, "Content-Length") == 0      ? &length
				    : strcasecmp(h->key, "Transfer-Encoding") == 0 ? &coding
										   : NULL;

		if (!is_token(h->key))
			return "a header's name is not valid";
		if (seen && *seen)
			return "Content-Length or Transfer-Encoding is there twice";
		if (seen)
			*seen = h->value;
	}
	if (length && !is_length(length))
		return "Content-Length: must be a whole number";
	if (coding && (strcasecmp(coding, "chunked") != 0 || ev->major != 1 || ev->minor != 1))
		return "Transfer-Encoding: must be chunked, in HTTP/1.1";
	if (coding && length)
		return "Content-Length and Transfer-Encoding exclude each other";
	if ((method == EVHTTP_REQ_HEAD || method == EVHTTP_REQ_TRACE) &&
	    (coding || (length && strcmp(length, "0") != 0)))
		return "this method takes no body";
	return NULL;
}

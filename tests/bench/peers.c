/* Configures and starts the others. */
#include "peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "support/kit.h"

#define START_MS 10000

/* A port that nobody had a moment ago: neither of the two can be told to take any. */
static int port_free(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		bench_fail("no free port");
	close(fd);
	return ntohs(address.sin_port);
}

static const char *file_write(const char *name, const char *text)
{
	const char *path = say("%s/%s", stack.dir, name);
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		bench_fail("cannot write %s", path);
	return path;
}

static void peer_start(struct peer *p, const char *name, const char *const *argv)
{
	int64_t until = now_ms() + START_MS;
	int fd;

	p->pid = stack_spawn(name, argv);
	while ((fd = http_connect(p->port)) < 0) {
		if (waitpid(p->pid, NULL, WNOHANG) != 0 || now_ms() > until)
			bench_fail("%s does not start; see %s/%s.err", name, stack.dir, name);
		pause_briefly();
	}
	close(fd);
}

const struct peer *peer_webdis(void)
{
	static struct peer peer;
	const char *argv[] = {"webdis", NULL, NULL};

	if (peer.pid)
		return &peer;
	peer.port = port_free();
	argv[1] = file_write("webdis.json",
			     say("{\"redis_host\": \"%s\", \"http_host\": \"127.0.0.1\", \"http_port\": %d,"
				 " \"threads\": 1, \"daemonize\": false, \"verbosity\": 0,"
				 " \"logfile\": \"%s/webdis.log\"}",
				 stack.redis_socket, peer.port, stack.dir));
	peer_start(&peer, "webdis", argv);
	return &peer;
}

/* One process; the connections to Redis are kept in a pool, as its documentation advises. */
static const char nginx_conf[] =
	"load_module /usr/lib/nginx/modules/ndk_http_module.so;\n"
	"load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;\n"
	"daemon off;\n"
	"master_process off;\n"
	"worker_processes 1;\n"
	"pid %s/nginx.pid;\n"
	"events { worker_connections 4096; }\n"
	"http {\n"
	"  access_log off;\n"
	"  server_tokens off;\n"
	"  keepalive_timeout 1h;\n"
	"  keepalive_requests 1000000000;\n"
	"  client_body_temp_path %s/nginx-body;\n"
	"  proxy_temp_path %s/nginx-proxy;\n"
	"  fastcgi_temp_path %s/nginx-fastcgi;\n"
	"  uwsgi_temp_path %s/nginx-uwsgi;\n"
	"  scgi_temp_path %s/nginx-scgi;\n"
	"  server {\n"
	"    listen 127.0.0.1:%d backlog=4096;\n"
	"    default_type text/plain;\n"
	"    location = /rank {\n"
	"      content_by_lua_block {\n"
	"        local key, user = 'usher:{' .. ngx.var.arg_queue .. '}:waiting', ngx.var.arg_user\n"
	"        local redis = ngx.socket.tcp()\n"
	"        local ok = redis:connect('unix:%s')\n"
	"        if not ok then return ngx.exit(502) end\n"
	"        redis:send({'*3\\r\\n$5\\r\\nZRANK\\r\\n$', #key, '\\r\\n', key, '\\r\\n$', #user, '\\r\\n',\n"
	"                    user, '\\r\\n'})\n"
	"        local line = redis:receive()\n"
	"        redis:setkeepalive(3600000, 1024)\n"
	"        if not line or line:byte() ~= 58 then return ngx.exit(404) end\n"
	"        local rank = line:sub(2)\n"
	"        ngx.header.content_length = #rank\n"
	"        ngx.print(rank)\n"
	"      }\n"
	"    }\n"
	"  }\n"
	"}\n";

const struct peer *peer_nginx(void)
{
	static struct peer peer;
	const char *d = stack.dir, *argv[] = {"nginx", "-c", NULL, "-e", "stderr", NULL};

	if (peer.pid)
		return &peer;
	peer.port = port_free();
	argv[2] = file_write("nginx.conf", say(nginx_conf, d, d, d, d, d, d, peer.port, stack.redis_socket));
	peer_start(&peer, "nginx", argv);
	return &peer;
}

static void same_size(const struct peer *p, const struct reply *sample)
{
	static const char ask_anything[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	int fd = http_connect(p->port);
	struct reply r;

	if (fd < 0 || http_send(fd, ask_anything, sizeof(ask_anything) - 1) != 0)
		bench_fail("the bare evhttp does not answer");
	r = http_read(fd, 0);
	close(fd);
	if (r.status != sample->status || r.body_len != sample->body_len ||
	    strlen(r.headers) != strlen(sample->headers))
		bench_fail("the bare evhttp answers something else:\n%sinstead of\n%s", r.headers, sample->headers);
	reply_free(&r);
}

struct peer peer_evhttp(const char *name, const struct reply *sample)
{
	struct peer peer = {.port = port_free()};
	const char *argv[] = {"./bench_evhttp", say("%d", peer.port), NULL, NULL};

	argv[2] = file_write(say("%s.answer", name), say("%s%s", sample->headers, sample->body));
	peer_start(&peer, name, argv);
	same_size(&peer, sample);
	return peer;
}

void peer_end(struct peer *p)
{
	process_kill(&p->pid, SIGKILL);
}

void peer_webdis_ask(struct requests *r, const char *queue, long user)
{
	requests_add(r, "GET", say("/ZRANK/usher:%%7B%s%%7D:waiting/%ld", queue, user), NULL, NULL);
}

void peer_nginx_ask(struct requests *r, const char *queue, long user)
{
	requests_add(r, "GET", say("/rank?queue=%s&user=%ld", queue, user), NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/tls/https.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"
#include "io/tls/tls.h"

/* All header lines of an answer together, 1xx answers and trailers included. */
#define HEADERS_MAX 65536
/* Under this many bytes a second a transfer counts as stalled. */
#define STALL_RATE 10L

/* One call of https_get, for libcurl's callbacks. */
struct exchange {
	const struct https_request *request;
	size_t body_max;
	struct buf *body;
	size_t headers;            /* bytes so far */
	size_t refused;            /* addresses that are not to be connected to */
	char failure[DETAIL_SIZE]; /* why it did not go well; "" if it did */
	char curl_error[CURL_ERROR_SIZE];
};

/* Always false. The first failure is told. */
static bool fail(struct exchange *exchange, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool fail(struct exchange *exchange, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (exchange->failure[0] == '\0')
		vsnprintf(exchange->failure, sizeof(exchange->failure), fmt, args);
	va_end(args);
	return false;
}

static int64_t or_default(int64_t value, int64_t otherwise)
{
	return value != 0 ? value : otherwise;
}

static uint16_t port_of(const struct https_request *request)
{
	return request->port != 0 ? request->port : HTTPS_PORT;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	size_t len = size * count;

	if (len > exchange->body_max - exchange->body->len) {
		fail(exchange, "the answer is longer than %zu bytes", exchange->body_max);
		return 0;
	}
	buf_append(exchange->body, bytes, len);
	return len;
}

/* libcurl keeps header lines; their number must not grow without end. */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	size_t len = size * count;

	(void)bytes;
	exchange->headers += len;
	if (exchange->headers > HEADERS_MAX) {
		fail(exchange, "the answer's headers are longer than %d bytes", HEADERS_MAX);
		return 0;
	}
	return len;
}

static bool address_of(struct ipaddr *addr, const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ipaddr_from_bytes(
			addr, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	if (sa->sa_family == AF_INET6)
		return ipaddr_from_bytes(
			addr, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
	return false;
}

/* Each socket is made here, whatever address libcurl chose. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct exchange *exchange = context;
	struct ipaddr addr;

	if (purpose != CURLSOCKTYPE_IPCXN || !address_of(&addr, &to->addr) ||
	    (!exchange->request->allow_private && ipaddr_is_private(&addr))) {
		exchange->refused++;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/*
 * "host:port:address,address": libcurl then asks nobody. NULL when there is no
 * address. End it with curl_slist_free_all.
 */
static struct curl_slist *resolved(const struct https_request *request)
{
	struct buf entry = { 0 };
	struct curl_slist *list = NULL;

	buf_printf(&entry, "%s:%u:", request->host, port_of(request));
	for (size_t i = 0; i < request->address_count; i++) {
		char text[IPADDR_SIZE];

		ipaddr_format(text, &request->addresses[i]);
		buf_printf(&entry, request->addresses[i].len == 16 ? "%s[%s]" : "%s%s",
			   i == 0 ? "" : ",", text);
	}
	if (request->address_count > 0)
		list = curl_slist_append(NULL, buf_cstr(&entry));
	buf_free(&entry);
	return list;
}

/* The server is not trusted: it gets nothing from us but the question. */
static void set_manners(CURL *curl)
{
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, NULL);
	curl_easy_setopt(curl, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* not even from the environment */
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); /* threads */
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "postseal/" POSTSEAL_VERSION);
}

static void set_certificates(CURL *curl, const char *ca_file)
{
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
	if (ca_file != NULL && ca_file[0] != '\0') {
		curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* that file alone */
	}
}

static bool is_on_openssl(void)
{
	static const char name[] = "OpenSSL/";
	const char *version = curl_version_info(CURLVERSION_NOW)->ssl_version;

	return version != NULL && strncmp(version, name, sizeof(name) - 1) == 0;
}

/* libcurl's time-outs do not work while OpenSSL does not return. */
static CURLcode on_ssl_ctx(CURL *curl, void *ctx, void *context)
{
	(void)curl;
	(void)context;
	tls_pause(ctx);
	return CURLE_OK;
}

static void set_limits(CURL *curl, const struct https_request *request)
{
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
			 (long)or_default(request->timeout_ms, HTTPS_TIMEOUT_MS));
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)or_default(request->connect_ms, HTTPS_CONNECT_MS));
	if (is_on_openssl())
		curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, STALL_RATE);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
			 (long)or_default(request->stall_seconds, HTTPS_STALL_SECONDS));
}

static void set_callbacks(CURL *curl, struct exchange *exchange)
{
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, exchange);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->curl_error);
}

/* The server's certificate, PEM; NULL: not known. */
static const char *certificate_of(CURL *curl)
{
	static const char label[] = "Cert:";
	struct curl_certinfo *chain = NULL;

	if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL ||
	    chain->num_of_certs < 1)
		return NULL;
	for (const struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next)
		if (strncmp(line->data, label, sizeof(label) - 1) == 0)
			return line->data + sizeof(label) - 1;
	return NULL;
}

/* "text/plain" or "text/plain; charset=utf-8", in any case. */
static bool is_media_type(const char *value, const char *wanted)
{
	size_t len = strlen(wanted);

	return value != NULL && str_starts_nocase(value, wanted) &&
	       (value[len] == '\0' || strchr("; \t", value[len]) != NULL);
}

/* The transfer went well. Is the answer a good one? */
static bool judge(CURL *curl, struct exchange *exchange, bool too_long)
{
	const char *wanted = exchange->request->media_type, *certificate = certificate_of(curl);
	struct curl_header *encoding;
	const char *type = NULL;
	long status = 0;

	/* Without DNS names libcurl would take the CN; RFC 8461 3.3 does not. */
	if (certificate == NULL || !tls_has_dns_name(certificate))
		return fail(exchange, "the certificate holds no DNS name (subjectAltName)");
	if (exchange->request->ends != NULL)
		*exchange->request->ends = tls_certificate_ends(certificate);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (exchange->request->status != NULL)
		*exchange->request->status = status;
	if (too_long)
		return false;
	if (status != 200)
		return fail(exchange, "the answer's status is %ld, not 200", status);
	if (curl_easy_header(curl, "Content-Encoding", 0, CURLH_HEADER, -1, &encoding) ==
		    CURLHE_OK &&
	    !str_equal_nocase(encoding->value, "identity"))
		return fail(exchange, "the answer is encoded (%s), unasked", encoding->value);
	curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	if (wanted != NULL && !is_media_type(type, wanted))
		return fail(exchange, "the answer's media type is %s, not %s",
			    type != NULL ? type : "not named", wanted);
	return true;
}

static bool perform(CURL *curl, struct exchange *exchange)
{
	CURLcode code = curl_easy_perform(curl);

	/* What was too long was refused by us; the rest of it is still an answer. */
	if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && exchange->failure[0] != '\0'))
		return judge(curl, exchange, code != CURLE_OK);
	if (exchange->refused == exchange->request->address_count)
		return fail(exchange, "it has private addresses only");
	/* Only if no callback has said something better already. */
	return fail(exchange, "%s",
		    exchange->curl_error[0] != '\0' ? exchange->curl_error
						    : curl_easy_strerror(code));
}

static bool set_up(CURL *curl, struct exchange *exchange, struct curl_slist *addresses)
{
	const struct https_request *request = exchange->request;
	struct buf url = { 0 };

	set_manners(curl);
	set_certificates(curl, request->ca_file);
	set_limits(curl, request);
	set_callbacks(curl, exchange);
	buf_printf(&url, "https://%s:%u%s", request->host, port_of(request), request->path);
	curl_easy_setopt(curl, CURLOPT_URL, buf_cstr(&url));
	buf_free(&url);
	return curl_easy_setopt(curl, CURLOPT_RESOLVE, addresses) == CURLE_OK;
}

static void start_libcurl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool run(struct exchange *exchange)
{
	struct curl_slist *addresses = resolved(exchange->request);
	CURL *curl = curl_easy_init();
	bool ok;

	if (addresses == NULL)
		ok = fail(exchange, "it has no address");
	else if (curl == NULL || !set_up(curl, exchange, addresses))
		ok = fail(exchange, "libcurl cannot be set up");
	else
		ok = perform(curl, exchange);
	curl_easy_cleanup(curl);
	curl_slist_free_all(addresses);
	return ok;
}

bool https_get(const struct https_request *request, struct buf *body, char detail[DETAIL_SIZE])
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct exchange exchange = { .request = request, .body = body };
	bool ok;

	pthread_once(&once, start_libcurl);
	if (request->status != NULL)
		*request->status = 0;
	exchange.body_max = request->body_max != 0 ? request->body_max : HTTPS_BODY_MAX;
	body->len = 0;
	ok = run(&exchange);
	if (!ok)
		body->len = 0;
	str_printable(detail, DETAIL_SIZE, exchange.failure, strlen(exchange.failure));
	return ok;
}

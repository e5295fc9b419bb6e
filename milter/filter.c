/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/filter.h"

#include <errno.h>
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "core/names/endpoint.h"
#include "daemon/daemon.h"
#include "io/net/listen.h"
#include "milter/pulse.h"
#include "milter/session.h"

/*
 * Macros asked for at each stage. Postfix then sends these and no others there.
 *
 * {tls_version} at MAIL alone: Postfix fills it in from the connection as it is
 * at that moment, while what was said at an EHLO is void after STARTTLS.
 * {client_port} is the witness: Postfix always has it, and by default shows it
 * nowhere, so that where it is seen our list was honoured, and a missing
 * {tls_version} means no TLS. It also keeps each list from being empty on the
 * wire, for which libmilter would keep the values of the message before.
 */
static char at_helo[] = "{client_port}";
static char at_mail[] = "{client_port} {tls_version} {auth_authen} {mail_addr} {cipher} "
			"{cipher_bits} j";
static char at_rcpt[] = "{client_port} {rcpt_addr} {rcpt_mailer} {rcpt_host}";
static char tls_version[] = "{tls_version}";
static char auth_authen[] = "{auth_authen}";
static char mail_addr[] = "{mail_addr}";
static char cipher[] = "{cipher}";
static char cipher_bits[] = "{cipher_bits}";
static char mta[] = "j";
static char witness[] = "{client_port}";
static char rcpt_addr[] = "{rcpt_addr}";
static char rcpt_mailer[] = "{rcpt_mailer}";
static char rcpt_host[] = "{rcpt_host}";

/*
 * Steps that nobody here looks at cost a round trip each, or the whole body. Not
 * so DATA: without it Postfix still sends its macros, nothing answers them, and
 * over TCP the headers behind them wait for a delayed acknowledgement, 40 ms a
 * message (RFC 896, RFC 9293 3.8.6.3). The answer to DATA carries it at once.
 */
#define STEPS_OFF (SMFIP_NOHELO | SMFIP_NOEOH | SMFIP_NOBODY | SMFIP_NOUNKNOWN)
/* Steps that are only looked at; what is to be said is said at a later one. */
#define STEPS_WITHOUT_REPLY (SMFIP_NR_CONN | SMFIP_NR_HDR)
/* What is done to messages: headers, to those for secure aliases. */
#define EDITS (SMFIF_ADDHDRS | SMFIF_CHGHDRS)
/* As open as the port on loopback: who may connect is up to the directory. */
#define SOCKET_MODE 0666

static struct endpoint endpoint; /* where it listens */

/* NULL when it does not serve: before filter_open, and from filter_close on. */
static const struct settings *_Atomic serving;
static pthread_rwlock_t serving_lock = PTHREAD_RWLOCK_INITIALIZER;
/* Raised before waiting for those inside: callbacks overlap, and more would come. */
static _Atomic bool closing;

/* Between these two, *settings stays. False: we are about to end. */
static bool enter(const struct settings **settings)
{
	if (closing)
		return false;
	pthread_rwlock_rdlock(&serving_lock);
	*settings = serving;
	if (*settings == NULL)
		pthread_rwlock_unlock(&serving_lock);
	return *settings != NULL;
}

static void leave(void)
{
	pthread_rwlock_unlock(&serving_lock);
}

static sfsistat try_later(SMFICTX *ctx)
{
	static char code[] = "451", status[] = "4.7.1";
	static char text[] = "Service unavailable - try again later";

	/* If this fails, libmilter has a 4xx text of its own. */
	smfi_setreply(ctx, code, status, text);
	return SMFIS_TEMPFAIL;
}

static sfsistat reply(SMFICTX *ctx, const struct secure_answer *answer)
{
	char code[4], status[8], text[SECURE_TEXT_SIZE];

	if (!answer->refused)
		return SMFIS_CONTINUE;
	snprintf(code, sizeof(code), "%s", answer->code);
	snprintf(status, sizeof(status), "%s", answer->status);
	snprintf(text, sizeof(text), "%s", answer->text);
	if (smfi_setreply(ctx, code, status, text) != MI_SUCCESS)
		log_error("libmilter does not take the reply: %s %s %s", code, status, text);
	return answer->code[0] == '5' ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
			     unsigned long unused1, unsigned long unused2,
			     unsigned long *actions_out, unsigned long *steps_out,
			     unsigned long *unused1_out, unsigned long *unused2_out)
{
	(void)unused1, (void)unused2;
	*actions_out = EDITS & actions;
	*unused1_out = *unused2_out = 0;
	*steps_out = (STEPS_OFF | STEPS_WITHOUT_REPLY) & steps;
	if ((actions & SMFIF_SETSYMLIST) == 0) {
		log_warning("the MTA does not let a milter choose its macros");
		return SMFIS_CONTINUE;
	}
	*actions_out |= SMFIF_SETSYMLIST;
	if (smfi_setsymlist(ctx, SMFIM_HELO, at_helo) != MI_SUCCESS ||
	    smfi_setsymlist(ctx, SMFIM_ENVFROM, at_mail) != MI_SUCCESS ||
	    smfi_setsymlist(ctx, SMFIM_ENVRCPT, at_rcpt) != MI_SUCCESS)
		log_error("libmilter does not take the list of macros");
	return SMFIS_CONTINUE;
}

static void drop_session(SMFICTX *ctx)
{
	session_free(smfi_getpriv(ctx));
	smfi_setpriv(ctx, NULL);
}

/* No reply is expected: if this fails, MAIL finds no session. */
static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	const struct settings *settings;

	(void)name;
	drop_session(ctx);
	if (enter(&settings)) {
		smfi_setpriv(ctx, session_new(settings, address));
		leave();
	}
	return SMFIS_NOREPLY;
}

static sfsistat on_mail(SMFICTX *ctx, char **arguments)
{
	struct session *session = smfi_getpriv(ctx);
	const struct settings *settings;
	struct secure_answer answer;
	struct session_macros macros = {
		.tls_version = smfi_getsymval(ctx, tls_version),
		.login = smfi_getsymval(ctx, auth_authen),
		.rewritten = smfi_getsymval(ctx, mail_addr),
		.witness = smfi_getsymval(ctx, witness),
		.cipher = smfi_getsymval(ctx, cipher),
		.cipher_bits = smfi_getsymval(ctx, cipher_bits),
		.mta = smfi_getsymval(ctx, mta),
	};

	if (session == NULL || arguments[0] == NULL || !enter(&settings))
		return try_later(ctx);
	session_begin(&answer, session, settings, &macros, arguments[0]);
	leave();
	return reply(ctx, &answer);
}

static sfsistat on_recipient(SMFICTX *ctx, char **arguments)
{
	struct session *session = smfi_getpriv(ctx);
	const struct settings *settings;
	struct secure_answer answer;
	struct session_route route = {
		.rewritten = smfi_getsymval(ctx, rcpt_addr),
		.mailer = smfi_getsymval(ctx, rcpt_mailer),
		.nexthop = smfi_getsymval(ctx, rcpt_host),
	};

	if (session == NULL || arguments[0] == NULL || !enter(&settings))
		return try_later(ctx);
	session_recipient(&answer, session, settings, &route, arguments[0]);
	leave();
	return reply(ctx, &answer);
}

static sfsistat on_data(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

/* No reply is expected: what there is to say is said at the end of the message, where
 * one whose headers were not seen, as we are about to end, is not let through. */
static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *session = smfi_getpriv(ctx);
	const struct settings *settings;

	if (session != NULL && enter(&settings)) {
		session_header(session, settings, name, value);
		leave();
	}
	return SMFIS_NOREPLY;
}

/* From the last to the first, since those behind move up. */
static bool edit_headers(SMFICTX *ctx, struct session_edit *edit)
{
	static char name[] = AUTHRES_HEADER;

	for (size_t i = edit->forged_count; i > 0; i--) {
		if (smfi_chgheader(ctx, name, edit->forged[i - 1], NULL) != MI_SUCCESS) {
			log_error(
				"the MTA does not let this milter remove a forged " AUTHRES_HEADER);
			return false;
		}
	}
	if (edit->authres[0] != '\0' && smfi_insheader(ctx, 0, name, edit->authres) != MI_SUCCESS)
		log_warning("the MTA does not let this milter add " AUTHRES_HEADER);
	return true;
}

static sfsistat on_message(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);
	const struct settings *settings;
	struct secure_answer answer;
	struct session_edit edit;

	if (session == NULL || !enter(&settings))
		return try_later(ctx);
	session_finish(&answer, &edit, session);
	leave();
	if (!answer.refused && !edit_headers(ctx, &edit))
		return try_later(ctx);
	return reply(ctx, &answer);
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct session *session = smfi_getpriv(ctx);

	if (session != NULL)
		session_end(session);
	return SMFIS_CONTINUE;
}

/* Also when the MTA takes up a new session on the same connection. */
static sfsistat on_close(SMFICTX *ctx)
{
	drop_session(ctx);
	return SMFIS_CONTINUE;
}

static bool register_filter(void)
{
	static char name[] = "postseal-milter";
	struct smfiDesc filter = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_connect = on_connect,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_recipient,
		.xxfi_data = on_data,
		.xxfi_header = on_header,
		.xxfi_eom = on_message,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_negotiate = on_negotiate,
	};

	return smfi_register(filter) == MI_SUCCESS;
}

/* libmilter's way of writing it: "inet:8689@[127.0.0.1]", "unix:/path". */
static void spell(char *conn, size_t size)
{
	char address[IPADDR_SIZE];

	if (endpoint.is_unix)
		snprintf(conn, size, "unix:%s", endpoint.path);
	else
		snprintf(conn, size, "%s:%u@[%s]", endpoint.addr.len == 4 ? "inet" : "inet6",
			 endpoint.port, ipaddr_format(address, &endpoint.addr));
}

/*
 * libmilter opens the socket itself, and says to syslog alone why it could not;
 * it would also take a Unix socket away from one who still listens there. Our
 * own listen_open looks first, and has the words.
 */
static bool listen_here(void)
{
	char conn[ENDPOINT_PATH_SIZE + 8], error[LISTEN_ERROR_SIZE];
	mode_t mask;
	int fd, rc;

	fd = listen_open(&endpoint, SOCKET_MODE, error);
	if (fd < 0) {
		log_error("milter_listen=%s", error);
		return false;
	}
	close(fd);
	spell(conn, sizeof(conn));
	mask = umask(~SOCKET_MODE & 0777);
	rc = smfi_setconn(conn) == MI_SUCCESS ? smfi_opensocket(true) : MI_FAILURE;
	umask(mask);
	if (rc != MI_SUCCESS)
		log_error("milter_listen: libmilter cannot listen on %s", conn);
	return rc == MI_SUCCESS;
}

bool filter_open(const struct settings *settings)
{
	if (!endpoint_parse(&endpoint, settings->milter_listen)) {
		log_error("milter_listen: %s is no endpoint", settings->milter_listen);
		return false;
	}
	if (!register_filter()) {
		log_error("libmilter does not take the filter");
		return false;
	}
	if (!listen_here())
		return false;
	serving = settings;
	return true;
}

/* Those inside go on with what they had (daemon.h keeps it); no lock has to wait for them. */
void filter_reload(const struct settings *settings)
{
	serving = settings;
}

static sem_t news; /* posted with each of these */
static _Atomic bool gave_up, stopping, hung_up;

static void on_signal(int signum)
{
	if (signum == SIGHUP)
		hung_up = true;
	else
		stopping = true;
	sem_post(&news);
}

/* Two signals may come as one. */
static void take_hangup(void)
{
	if (!hung_up)
		return;
	hung_up = false;
	daemon_reload();
}

static void *run(void *unused)
{
	(void)unused;
	if (smfi_main() != MI_SUCCESS)
		gave_up = true;
	stopping = true;
	sem_post(&news);
	return NULL;
}

/* Until something of that happened, or for that long; 0: however long it takes. */
static void wait_for_news(long milliseconds)
{
	struct timespec until;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += milliseconds / 1000;
	until.tv_nsec += milliseconds % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	do
		rc = milliseconds > 0 ? sem_clockwait(&news, CLOCK_MONOTONIC, &until)
				      : sem_wait(&news);
	while (rc != 0 && errno == EINTR); /* by the signal, or by another */
}

/*
 * libmilter stops by itself on these signals, but it takes up to five seconds,
 * and meanwhile destroys mutexes that its threads are waiting for. So it runs
 * in a thread of its own, where it blocks them, and the kernel hands them to
 * the main thread, which does not. Sessions under way are cut off, which an MTA
 * takes for a temporary failure.
 */
bool filter_serve(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };
	pthread_t thread;

	sem_init(&news, 0, 0);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &action, NULL);
	if (pthread_create(&thread, NULL, run, NULL) != 0) {
		log_error("cannot start a thread for libmilter");
		return false;
	}
	while (!stopping) {
		wait_for_news(daemon_alive_interval());
		take_hangup();
		if (!stopping)
			pulse_take(&endpoint);
	}
	return !gave_up;
}

void filter_close(void)
{
	closing = true;
	pthread_rwlock_wrlock(&serving_lock);
	serving = NULL;
	pthread_rwlock_unlock(&serving_lock);
}

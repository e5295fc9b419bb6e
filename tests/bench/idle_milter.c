/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * idle_milter - a milter that does nothing, at the same moments as postseal-milter:
 * it asks for the same steps and macros, and lets everything pass.
 *
 *   idle_milter CONNECTION        "inet:8690@[127.0.0.1]"; until it is killed
 */
#include <libmilter/mfapi.h>
#include <stdlib.h>

#include "base/log.h"

static sfsistat pass(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

static sfsistat pass_words(SMFICTX *ctx, char **words)
{
	(void)ctx, (void)words;
	return SMFIS_CONTINUE;
}

static sfsistat note_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	(void)ctx, (void)name, (void)address;
	return SMFIS_NOREPLY;
}

static sfsistat note_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx, (void)name, (void)value;
	return SMFIS_NOREPLY;
}

static sfsistat negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
			  unsigned long unused1, unsigned long unused2, unsigned long *actions_out,
			  unsigned long *steps_out, unsigned long *unused1_out,
			  unsigned long *unused2_out)
{
	static char at_helo[] = "{client_port}";
	static char at_mail[] = "{client_port} {tls_version} {auth_authen} {mail_addr} {cipher} "
				"{cipher_bits} j";
	static char at_rcpt[] = "{client_port} {rcpt_addr} {rcpt_mailer} {rcpt_host}";

	(void)unused1, (void)unused2;
	*actions_out = (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_SETSYMLIST) & actions;
	*steps_out = (SMFIP_NOHELO | SMFIP_NOEOH | SMFIP_NOBODY | SMFIP_NOUNKNOWN | SMFIP_NR_CONN |
		      SMFIP_NR_HDR) &
		     steps;
	*unused1_out = *unused2_out = 0;
	smfi_setsymlist(ctx, SMFIM_HELO, at_helo);
	smfi_setsymlist(ctx, SMFIM_ENVFROM, at_mail);
	smfi_setsymlist(ctx, SMFIM_ENVRCPT, at_rcpt);
	return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
	static char name[] = "idle-milter";
	struct smfiDesc filter = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_connect = note_connect,
		.xxfi_envfrom = pass_words,
		.xxfi_envrcpt = pass_words,
		.xxfi_header = note_header,
		.xxfi_data = pass,
		.xxfi_eom = pass,
		.xxfi_negotiate = negotiate,
	};

	if (argc != 2)
		log_fatal("usage: idle_milter CONNECTION");
	if (smfi_register(filter) != MI_SUCCESS || smfi_setconn(argv[1]) != MI_SUCCESS)
		log_fatal("cannot listen on %s", argv[1]);
	return smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}

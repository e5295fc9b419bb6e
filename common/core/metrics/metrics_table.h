/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics_table - every metric, described once; see metrics.h for what is made of it.
 *
 *   METRIC(CELL, SOURCE, KIND, LABEL, LABEL, name, title, help)
 *
 * CELL      what code counts with: M_CELL, an index into the cells
 * SOURCE    who counts it: SOCKETMAP, PROBER, MILTER, LEARN, WEBMAIL, MAILBOX, SHARE count as
 *           they run;
 *           DAEMONS, READING and LEDGER are found out by who shows it
 * KIND      COUNTER, GAUGE, or a histogram: FAST from 10 us to 1 s, SLOW from 5 ms to 2 min
 * LABEL     NONE, or a list of values in metrics.c; the second one varies fastest
 * name      for Prometheus, by its rules: _total for counters, the unit in full
 * title     for people, at most METRIC_TITLE_MAX bytes; "" where the page has other words
 * help      a sentence, also for the manual
 */
#ifndef POSTSEAL_CORE_METRICS_TABLE_H
#define POSTSEAL_CORE_METRICS_TABLE_H

#define METRICS_TABLE(METRIC)                                                                      \
	METRIC(UP, DAEMONS, GAUGE, DAEMON, NONE, "postseal_up", "",                                \
	       "Whether the daemon runs (1) or not (0)")                                           \
	METRIC(START_TIME, DAEMONS, GAUGE, DAEMON, NONE, "postseal_start_time_seconds", "",        \
	       "When the daemon was started, in seconds since 1970")                               \
	METRIC(LEDGER_READABLE, READING, GAUGE, NONE, NONE, "postseal_ledger_readable", "",        \
	       "Whether the ledger could be read for the numbers below (1) or not (0)")            \
                                                                                                   \
	METRIC(QUEUE_READABLE, READING, GAUGE, NONE, NONE, "postseal_queue_readable", "",          \
	       "Whether Postfix's queue could be read for the numbers of it (1) or not (0)")       \
	METRIC(WAITING_MAILS, QUEUE, GAUGE, NONE, NONE, "postseal_queue_held_mails", "mails held", \
	       "Mails in Postfix's queue that wait because of postseal, each counted for each "    \
	       "domain it goes to")                                                                \
	METRIC(WAITING_DOMAINS, QUEUE, GAUGE, NONE, NONE, "postseal_queue_held_domains",           \
	       "domains held", "Domains with such mails")                                          \
	METRIC(WAITING_OLDEST, QUEUE, GAUGE, NONE, NONE,                                           \
	       "postseal_queue_held_oldest_timestamp_seconds", "",                                 \
	       "When the oldest of them arrived, in seconds since 1970; 0: there is none")         \
	METRIC(LEDGER_DOMAINS, LEDGER, GAUGE, STATE, NONE, "postseal_ledger_domains", "domains",   \
	       "Domains in the ledger, by how mail to them travels")                               \
	METRIC(LEDGER_DOMAINS_DOWN, LEDGER, GAUGE, NONE, NONE,                                     \
	       "postseal_ledger_domains_downgraded", "domains downgraded",                         \
	       "Domains that had TLS and lost it; mail to them waits")                             \
	METRIC(LEDGER_HOSTS, LEDGER, GAUGE, OBSERVED, NONE, "postseal_ledger_hosts", "MX hosts",   \
	       "MX hosts in the ledger, by the result of the latest contact")                      \
	METRIC(LEDGER_HOSTS_DOWN, LEDGER, GAUGE, NONE, NONE, "postseal_ledger_hosts_downgraded",   \
	       "MX hosts downgraded", "MX hosts that offered STARTTLS and no longer do")           \
	METRIC(LEDGER_OVERRIDES, LEDGER, GAUGE, NONE, NONE, "postseal_ledger_overrides",           \
	       "overrides", "Overrides of admins that are in force")                               \
	METRIC(LEDGER_ALIASES, LEDGER, GAUGE, NONE, NONE, "postseal_ledger_aliases",               \
	       "aliases switched on", "Secure aliases on file that are switched on")               \
	METRIC(LEDGER_BYTES, LEDGER, GAUGE, NONE, NONE, "postseal_ledger_bytes", "file",           \
	       "Size of the ledger's file")                                                        \
	METRIC(LEDGER_USED, LEDGER, GAUGE, NONE, NONE, "postseal_ledger_used_bytes", "in use",     \
	       "How much of the ledger's file is in use")                                          \
	METRIC(LEDGER_MOST, LEDGER, GAUGE, NONE, NONE, "postseal_ledger_limit_bytes", "at most",   \
	       "How large the ledger's file may become")                                           \
                                                                                                   \
	METRIC(ANSWERS, SOCKETMAP, COUNTER, MAP, ANSWER, "postseal_socketmap_answers_total",       \
	       "answers", "Answers given to Postfix and others, by map")                           \
	METRIC(RULES, SOCKETMAP, COUNTER, RULE, NONE, "postseal_socketmap_rules_total", "by rule", \
	       "Answers of policy maps, by the rule that decided")                                 \
	METRIC(WOULD, SOCKETMAP, COUNTER, ANSWER, NONE, "postseal_socketmap_would_total",          \
	       "would answer",                                                                     \
	       "Answers of map policy that enforce = false has changed, by what they would be")    \
	METRIC(SERVED, SOCKETMAP, COUNTER, SERVED, NONE, "postseal_socketmap_served_total",        \
	       "served",                                                                           \
	       "Requests: answered from the ledger, answered so while the prober "                 \
	       "looks again, parked to wait for it, not to be parked, or asked of "                \
	       "postseal-mailbox")                                                                 \
	METRIC(UNPARKED, SOCKETMAP, COUNTER, UNPARKED, NONE, "postseal_socketmap_unparked_total",  \
	       "waiting ended",                                                                    \
	       "Parked questions, by why they wait no longer: settled, "                           \
	       "first_contact_wait over, the prober lost, the client gone")                        \
	METRIC(PARKED, SOCKETMAP, GAUGE, NONE, NONE, "postseal_socketmap_parked", "waiting now",   \
	       "Questions that wait for the prober now")                                           \
	METRIC(REFUSED, SOCKETMAP, COUNTER, REFUSED, NONE,                                         \
	       "postseal_socketmap_bad_requests_total", "bad requests",                            \
	       "Requests that are none: no netstring, no map and key, no such map, or a key that " \
	       "can be no next hop")                                                               \
	METRIC(PROBER_LOST, SOCKETMAP, COUNTER, NONE, NONE,                                        \
	       "postseal_socketmap_prober_outages_total", "prober lost",                           \
	       "How often the prober could no longer be reached")                                  \
	METRIC(CONNECTIONS, SOCKETMAP, GAUGE, NONE, NONE, "postseal_socketmap_connections",        \
	       "connections now", "Clients that are connected now")                                \
	METRIC(CONNECTED, SOCKETMAP, COUNTER, NONE, NONE, "postseal_socketmap_connections_total",  \
	       "connections", "Clients that ever connected")                                       \
	METRIC(ANSWER_TIME, SOCKETMAP, FAST, NONE, NONE, "postseal_socketmap_answer_seconds",      \
	       "time at once",                                                                     \
	       "How long requests that came together took to be answered or "                      \
	       "parked, each counted with the time of them all")                                   \
	METRIC(PARKED_TIME, SOCKETMAP, SLOW, NONE, NONE, "postseal_socketmap_parked_seconds",      \
	       "time parked", "How long parked questions waited")                                  \
                                                                                                   \
	METRIC(LOOKUPS, PROBER, COUNTER, LOOKUP, FOUND, "postseal_prober_lookups_total",           \
	       "DNS look-ups", "DNS look-ups, by what was found and whether DNSSEC proves it")     \
	METRIC(FETCHES, PROBER, COUNTER, FETCH, NONE, "postseal_prober_sts_fetches_total",         \
	       "policies fetched", "Fetches of MTA-STS policies")                                  \
	METRIC(PROBES, PROBER, COUNTER, PROBED, NONE, "postseal_prober_probes_total",              \
	       "SMTP probes", "SMTP conversations with MX hosts, by result")                       \
	METRIC(SPARED, PROBER, COUNTER, NONE, NONE, "postseal_prober_probes_spared_total",         \
	       "probes spared",                                                                    \
	       "SMTP conversations that were due, and left to other hosts of the fleet")           \
	METRIC(EVENTS, PROBER, COUNTER, EVENT, NONE, "postseal_prober_events_total", "events",     \
	       "What the prober had to tell an admin: floors raised and expired, downgrades, "     \
	       "DANE and MTA-STS lost, stripping by our own network")                              \
	METRIC(STRIPPED, PROBER, GAUGE, NONE, NONE, "postseal_prober_stripped_network",            \
	       "network strips TLS", "Whether our own network seems to remove STARTTLS (1)")       \
	METRIC(ASKS, PROBER, COUNTER, ASK, NONE, "postseal_prober_asks_total", "asked",            \
	       "Questions over the local socket")                                                  \
	METRIC(TOLD, PROBER, COUNTER, TOLD, NONE, "postseal_prober_replies_total", "told",         \
	       "Answers to those who asked; busy is a question not taken, lost an answer that "    \
	       "could not be written down")                                                        \
	METRIC(TASKS, PROBER, GAUGE, TASK, NONE, "postseal_prober_tasks", "looked at now",         \
	       "Domains and MX hosts that are being looked at")                                    \
	METRIC(DUE, PROBER, GAUGE, NONE, NONE, "postseal_prober_domains_due", "domains due",       \
	       "Domains due to be looked at when the ledger was last scanned")                     \
	METRIC(NEVER_WERE, PROBER, COUNTER, NONE, NONE, "postseal_prober_domains_forgotten_total", \
	       "domains forgotten",                                                                \
	       "Domains that never were, nor were asked about for 30 days, taken out of the "      \
	       "ledger")                                                                           \
	METRIC(WORKERS, PROBER, GAUGE, NONE, NONE, "postseal_prober_workers", "workers at most",   \
	       "Look-ups and probes that may run at the same time")                                \
	METRIC(BUSY, PROBER, GAUGE, LANE, NONE, "postseal_prober_workers_busy", "workers busy",    \
	       "Workers that are busy, by lane")                                                   \
	METRIC(QUEUED, PROBER, GAUGE, LANE, NONE, "postseal_prober_jobs_queued", "jobs waiting",   \
	       "Jobs that wait for a worker, by lane")                                             \
	METRIC(JOB_TIME, PROBER, SLOW, JOB, NONE, "postseal_prober_job_seconds", "time of jobs",   \
	       "How long workers took: look-ups of MX records, of hosts, of MTA-STS records, "     \
	       "fetches of policies, SMTP probes, walks through the ledger, checks of the "        \
	       "resolver")                                                                         \
	METRIC(COMMIT_TIME, PROBER, SLOW, NONE, NONE, "postseal_prober_commit_seconds",            \
	       "time of commits", "How long it took to write down what was found")                 \
	METRIC(UNWRITTEN, PROBER, COUNTER, NONE, NONE, "postseal_prober_commit_failures_total",    \
	       "commits failed", "How often what was found could not be written down")             \
	METRIC(PROBER_USED, PROBER, GAUGE, NONE, NONE, "postseal_prober_ledger_used_bytes",        \
	       "ledger in use", "How much of the ledger's file is in use, as the prober sees it")  \
	METRIC(PROBER_MOST, PROBER, GAUGE, NONE, NONE, "postseal_prober_ledger_limit_bytes",       \
	       "ledger at most", "How large the ledger's file may become")                         \
                                                                                                   \
	METRIC(SESSIONS, MILTER, GAUGE, NONE, NONE, "postseal_milter_sessions", "sessions now",    \
	       "SMTP sessions that are open now")                                                  \
	METRIC(MESSAGES, MILTER, COUNTER, MESSAGE, NONE, "postseal_milter_messages_total",         \
	       "messages", "Messages begun, and what became of those that ended")                  \
	METRIC(SEALED, MILTER, COUNTER, DIRECTION, NONE, "postseal_milter_sealed_messages_total",  \
	       "sealed mail", "Messages to and from secure aliases that passed, over TLS")         \
	METRIC(MARKED, MILTER, COUNTER, NONE, NONE, "postseal_milter_marked_messages_total",       \
	       "to be sealed", "Messages that were marked, and handed to postseal-mailbox")        \
	METRIC(REFUSALS, MILTER, COUNTER, CAUSE, NONE, "postseal_milter_refusals_total",           \
	       "refused", "Senders, recipients and messages refused, by cause")                    \
	METRIC(PUT_OFF, MILTER, COUNTER, DIRECTION, NONE, "postseal_milter_put_off_total",         \
	       "put off", "Senders and recipients put off, because the answer was not known")      \
	METRIC(PROSPECTS, MILTER, COUNTER, PROSPECT, NONE, "postseal_milter_prospects_total",      \
	       "prospects", "Whether a recipient's provider meets the level of a secure alias")    \
	METRIC(PROSPECT_TIME, MILTER, SLOW, NONE, NONE, "postseal_milter_prospect_seconds",        \
	       "time of prospects", "How long a recipient waited for that answer")                 \
	METRIC(FORGED, MILTER, COUNTER, NONE, NONE, "postseal_milter_forged_headers_total",        \
	       "forged headers",                                                                   \
	       "Forged Authentication-Results headers found in messages that passed")              \
	METRIC(UNASKED, MILTER, COUNTER, NONE, NONE, "postseal_milter_lookup_failures_total",      \
	       "look-ups failed", "How often the socketmap server had no answer about an alias")   \
                                                                                                   \
	METRIC(LINES, LEARN, COUNTER, NONE, NONE, "postseal_learn_lines_total", "lines read",      \
	       "Lines of Postfix's log that were read")                                            \
	METRIC(HANDSHAKES, LEARN, COUNTER, NONE, NONE, "postseal_learn_handshakes_total",          \
	       "TLS handshakes", "TLS handshakes of Postfix in the log")                           \
	METRIC(DELIVERIES, LEARN, COUNTER, NONE, NONE, "postseal_learn_deliveries_total",          \
	       "deliveries over TLS", "Deliveries that went over TLS for certain")                 \
	METRIC(NEW_HOSTS, LEARN, COUNTER, NONE, NONE, "postseal_learn_new_hosts_total",            \
	       "new hosts", "Hosts never seen with TLS before")                                    \
                                                                                                   \
	METRIC(WEBMAIL_REQUESTS, WEBMAIL, COUNTER, CALL, NONE, "postseal_webmail_requests_total",  \
	       "requests", "Requests of webmails, by call")                                        \
	METRIC(WEBMAIL_LIMITED, WEBMAIL, COUNTER, NONE, NONE, "postseal_webmail_limited_total",    \
	       "asked too often", "Requests of users who asked too often in a minute")             \
	METRIC(WEBMAIL_STRANGERS, WEBMAIL, COUNTER, NONE, NONE,                                    \
	       "postseal_webmail_strangers_total", "strangers refused",                            \
	       "Requests of local users who are not in webmail_clients")                           \
	METRIC(WEBMAIL_CLIENTS, WEBMAIL, GAUGE, NONE, NONE, "postseal_webmail_http_connections",   \
	       "connections", "HTTP connections that are open; at most 512")                       \
	METRIC(WEBMAIL_HELD, WEBMAIL, GAUGE, NONE, NONE, "postseal_webmail_http_bytes",            \
	       "held for them",                                                                    \
	       "Bytes of requests and answers that are under way; at most 64 MiB")                 \
	METRIC(WEBMAIL_TURNED_AWAY, WEBMAIL, COUNTER, HTTP, NONE,                                  \
	       "postseal_webmail_http_refused_total", "turned away",                               \
	       "HTTP connections and requests that were refused, or ended in favour of others: "   \
	       "too many connections, too many bytes, or a request that lasted longer than 300 "   \
	       "seconds")                                                                          \
                                                                                                   \
	METRIC(SHARE_CONNECTED, SHARE, GAUGE, NONE, NONE, "postseal_share_connected",              \
	       "engine reached", "Whether the engine that hosts share is reached (1) or not (0)")  \
	METRIC(SHARE_LAG, SHARE, GAUGE, NONE, NONE, "postseal_share_lag_seconds",                  \
	       "seconds behind", "How long ago all that others told was last read")                \
	METRIC(SHARE_BEHIND, SHARE, GAUGE, NONE, NONE, "postseal_share_batches_behind",            \
	       "batches behind", "Batches of changes that are not read yet")                       \
	METRIC(SHARE_WAITING, SHARE, GAUGE, OUTBOX, NONE, "postseal_share_outbox", "to be told",   \
	       "Records that others are to be told, at once or once a day")                        \
	METRIC(SHARE_CLOCK, SHARE, GAUGE, NONE, NONE, "postseal_share_clock_off_seconds",          \
	       "clock off by", "How far this machine's clock is from the engine's")                \
	METRIC(SHARE_MEMBERS, SHARE, GAUGE, NONE, NONE, "postseal_share_members", "hosts",         \
	       "Hosts that share and were heard of in the last 90 seconds")                        \
	METRIC(SHARE_READ, SHARE, COUNTER, NONE, NONE, "postseal_share_rows_read_total",           \
	       "rows read", "Rows of others that were read")                                       \
	METRIC(SHARE_CHANGED, SHARE, COUNTER, NONE, NONE, "postseal_share_rows_changed_total",     \
	       "rows that were news", "Rows of others by which this ledger changed")               \
	METRIC(SHARE_TOLD, SHARE, COUNTER, NONE, NONE, "postseal_share_rows_written_total",        \
	       "rows written", "Rows written for others")                                          \
	METRIC(SHARE_DROPPED, SHARE, COUNTER, NONE, NONE, "postseal_share_rows_dropped_total",     \
	       "rows dropped", "Rows that are not what a host may write; see the log for whose")   \
	METRIC(SHARE_NEWER, SHARE, COUNTER, NONE, NONE, "postseal_share_rows_newer_total",         \
	       "rows of a newer", "Rows of a newer postseal, which this one leaves alone")         \
	METRIC(SHARE_OUTAGES, SHARE, COUNTER, NONE, NONE, "postseal_share_outages_total",          \
	       "engine lost", "How often the engine could no longer be reached")                   \
	METRIC(SHARE_TIME, SHARE, SLOW, NONE, NONE, "postseal_share_exchange_seconds",             \
	       "time of exchanges", "How long it took to read and to tell what was new")           \
	METRIC(MAILBOX_LOCKED, MAILBOX, COUNTER, NONE, NONE, "postseal_mailbox_locked_total",      \
	       "senders locked",                                                                   \
	       "How often too many wrong PINs were tried, so that a sender's mail is locked")      \
	METRIC(TAKEN, MAILBOX, COUNTER, TAKEN, NONE, "postseal_mailbox_intake_total",              \
	       "mail to be sealed",                                                                \
	       "Mails to be sealed, or that came back, one for each recipient: taken, put off, "   \
	       "or refused: no valid mark, no such address, too large, other")                     \
	METRIC(SEALED_BY, MAILBOX, COUNTER, WAY, NONE, "postseal_mailbox_sealed_total", "sealed",  \
	       "Mails sealed: into a mailbox, or encrypted with OpenPGP")                          \
	METRIC(WKD, MAILBOX, COUNTER, WKD, NONE, "postseal_mailbox_wkd_total", "keys by WKD",      \
	       "Look-ups of recipients' OpenPGP keys by Web Key Directory: a key, none, or it "    \
	       "could not be told")                                                                \
	METRIC(NOTES, MAILBOX, GAUGE, NONE, NONE, "postseal_mailbox_notes_waiting",                \
	       "notes waiting", "Link mails, receipts and notices that Postfix has not taken yet") \
	METRIC(NOTES_LOST, MAILBOX, COUNTER, NONE, NONE, "postseal_mailbox_notes_lost_total",      \
	       "notes lost", "The same, that were given up")                                       \
	METRIC(BOXES, MAILBOX, GAUGE, BOX, NONE, "postseal_mailbox_mailboxes", "mailboxes",        \
	       "Temporary mailboxes, counted every five minutes: nobody has opened them yet, "     \
	       "open, or replaced by another")                                                     \
	METRIC(LETTERS, MAILBOX, GAUGE, LETTER, NONE, "postseal_mailbox_letters", "letters",       \
	       "Letters that are kept, counted every five minutes: unread, read, or sent from a "  \
	       "mailbox")                                                                          \
	METRIC(LOCKED, MAILBOX, GAUGE, NONE, NONE, "postseal_mailbox_locked", "locked now",        \
	       "Senders whose letters are locked after too many wrong PINs, counted every five "   \
	       "minutes")                                                                          \
	METRIC(KEPT, MAILBOX, GAUGE, NONE, NONE, "postseal_mailbox_bytes", "kept",                 \
	       "Size of all letters that are kept, counted every five minutes")                    \
	METRIC(KEPT_MOST, MAILBOX, GAUGE, NONE, NONE, "postseal_mailbox_limit_bytes", "at most",   \
	       "How much may be kept (mailbox_store_quota); beyond it mail waits")                 \
	METRIC(OPENED, MAILBOX, COUNTER, NONE, NONE, "postseal_mailbox_opened_total", "opened",    \
	       "Mailboxes that were opened for the first time")                                    \
	METRIC(PINS, MAILBOX, COUNTER, PIN, NONE, "postseal_mailbox_pins_total", "PINs",           \
	       "PINs that were entered: right, wrong, or not judged because it is locked")         \
	METRIC(LOGINS, MAILBOX, COUNTER, LOGIN, NONE, "postseal_mailbox_logins_total", "logins",   \
	       "Passwords that were entered")                                                      \
	METRIC(REPLIES, MAILBOX, COUNTER, NONE, NONE, "postseal_mailbox_replies_total", "replies", \
	       "Replies that were sent from mailboxes")                                            \
	METRIC(SLOWED, MAILBOX, COUNTER, NONE, NONE, "postseal_mailbox_limited_total",             \
	       "asked too often", "Requests from networks that had asked or guessed too much")     \
	METRIC(FAILED, MAILBOX, COUNTER, NONE, NONE, "postseal_mailbox_failures_total",            \
	       "requests failed", "Requests of the pages that could not be served now (503)")      \
	METRIC(ENDED, MAILBOX, COUNTER, NONE, NONE, "postseal_mailbox_ended_total", "ended",       \
	       "Mailboxes that were deleted because nobody had used them for long enough")         \
	METRIC(MAILBOX_CLIENTS, MAILBOX, GAUGE, NONE, NONE, "postseal_mailbox_http_connections",   \
	       "connections", "HTTP connections that are open; at most 512")                       \
	METRIC(MAILBOX_HELD, MAILBOX, GAUGE, NONE, NONE, "postseal_mailbox_http_bytes",            \
	       "held for them",                                                                    \
	       "Bytes of requests and answers that are under way; at most 64 MiB")                 \
	METRIC(MAILBOX_TURNED_AWAY, MAILBOX, COUNTER, HTTP, NONE,                                  \
	       "postseal_mailbox_http_refused_total", "turned away",                               \
	       "HTTP connections and requests that were refused, or ended in favour of others: "   \
	       "too many connections, too many bytes, or a request that lasted longer than 300 "   \
	       "seconds")

#endif

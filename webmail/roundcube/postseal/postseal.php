<?php

// SPDX-License-Identifier: BSD-2-Clause

require_once __DIR__ . '/lib/postseal_client.php';
require_once __DIR__ . '/lib/postseal_headers.php';
require_once __DIR__ . '/lib/postseal_refusals.php';
require_once __DIR__ . '/lib/postseal_sealing.php';
require_once __DIR__ . '/lib/postseal_settings.php';

/**
 * postseal in Roundcube: how mail to each recipient travels, the user's secure alias, and
 * sealed mail. All of it by postseal-webmail(8); without it mail can be written all the same.
 */
class postseal extends rcube_plugin
{
    public $task = 'mail|settings';

    private const RECIPIENTS_SHOWN = 20;

    private rcmail $rcmail;
    private ?postseal_client $client = null;

    /** @var array<string, string> PINs of the mail that is being sent, for its copy in Sent */
    private array $pins = [];
    private bool $sealed = false;

    public function init()
    {
        $this->rcmail = rcmail::get_instance();
        $this->load_config('config.inc.php.dist');
        $this->load_config();
        $this->add_texts('localization/');

        $this->add_hook('storage_init', [$this, 'storage_init']);
        $this->add_hook('message_ready', [$this, 'ready']);
        $this->add_hook('message_before_send', [$this, 'before_send']);
        $this->add_hook('message_sent', [$this, 'sent']);
        $this->add_hook('message_send_error', [$this, 'send_error']);
        $this->add_hook('attachment_save', [$this, 'attachment_save']);

        if ($this->rcmail->task === 'settings') {
            (new postseal_settings($this, $this->rcmail))->init();
        } else {
            $this->init_mail();
        }
    }

    private function init_mail(): void
    {
        $this->register_action('plugin.postseal.recipients', [$this, 'action_recipients']);
        $this->register_action('plugin.postseal.about', [$this, 'action_about']);
        $this->register_action('plugin.postseal.sealed', [$this, 'action_sealed']);
        $this->register_action('plugin.postseal.act', [$this, 'action_act']);

        $this->add_hook('message_objects', [$this, 'message_objects']);
        $this->add_hook('message_compose', [$this, 'compose']);
        $this->add_hook('template_container', [$this, 'compose_options']);

        if (in_array($this->rcmail->action, ['compose', 'show', 'preview'], true)) {
            $this->add_texts('localization/', true);
            $this->include_script('postseal.js');
            $this->include_stylesheet('skins/elastic/postseal.css');
            if ($this->rcmail->action === 'compose') {
                $this->rcmail->output->set_env('postseal_ask_plain', (bool) $this->rcmail->config->get('postseal_ask_plain'));
            }
        }
    }

    /**
     * The user's address as he has logged in; never one that he can choose by himself, such as
     * an identity. "" where it cannot be told.
     */
    public function user(): string
    {
        // Where users name the IMAP server, anybody can log in as anybody, at his own server.
        $hosts = $this->rcmail->config->get('imap_host', $this->rcmail->config->get('default_host'));
        if (!$hosts) {
            return '';
        }

        $user = (string) $this->rcmail->get_user_name();
        if (strpos($user, '@') === false) {
            $domain = $this->rcmail->config->get('postseal_domain')
                ?: $this->rcmail->config->mail_domain($_SESSION['storage_host'] ?? '');
            $user = $domain ? $user . '@' . $domain : '';
        }

        return $user;
    }

    public function client(): postseal_client
    {
        return $this->client ??= new postseal_client(
            (string) $this->rcmail->config->get('postseal_socket'),
            $this->user()
        );
    }

    /**
     * Why postseal did not do it, in the user's language.
     *
     * @param array<string, mixed> $answer
     */
    public function why_not(array $answer): string
    {
        $label = 'not_' . str_replace('-', '', (string) ($answer['error'] ?? ''));

        return $this->gettext($this->rcmail->text_exists('postseal.' . $label) ? $label : 'noanswer');
    }

    public function storage_init($args)
    {
        $args['fetch_headers'] = trim(($args['fetch_headers'] ?? '')
            . ' X-POSTSEAL-PIN X-POSTSEAL-SEAL AUTHENTICATION-RESULTS');

        return $args;
    }

    /*
     * While a mail is written.
     */

    /** Answers the browser: what is known of these recipients. */
    public function action_recipients(): void
    {
        $asked = (array) rcube_utils::get_input_value('_a', rcube_utils::INPUT_POST, true);
        $asked = array_slice(array_values(array_filter($asked, 'is_string')), 0, 100);
        [$status, $answer] = $asked && $this->user() !== '' ? $this->client()->recipients($asked) : [0, []];

        $this->rcmail->output->command('plugin.postseal_recipients', [
            'asked' => $asked,
            'status' => $status,
            'recipients' => $status === 200 ? ($answer['recipients'] ?? []) : [],
            'wait' => $answer['wait'] ?? 0,
        ]);
        $this->rcmail->output->send();
    }

    /** Answers the browser: the user's aliases, and how mail is sealed here. */
    public function action_about(): void
    {
        [$status, $answer] = $this->user() !== '' ? $this->client()->aliases() : [0, []];

        $this->rcmail->output->command('plugin.postseal_about', [
            'aliases' => $status === 200 ? ($answer['aliases'] ?? []) : [],
            'seal' => $status === 200 ? ($answer['seal'] ?? null) : null,
        ]);
        $this->rcmail->output->send();
    }

    /**
     * What was to be sealed when it was put aside, or was sealed, is to be sealed when it is gone on
     * with: a draft, a mail that is edited as new, and a reply to one in Sent, which quotes it.
     */
    public function compose($args)
    {
        $param = $args['param'];
        $drafts = $this->rcmail->config->get('drafts_mbox');
        $own = array_filter([$drafts, $this->rcmail->config->get('sent_mbox')]);
        $uid = $param['draft_uid'] ?? $param['uid'] ?? $param['reply_uid'] ?? null;
        $folder = isset($param['draft_uid']) ? $drafts : ($args['mailbox'] ?? '');
        if ($uid !== null && in_array($folder, $own, true)) {
            $headers = $this->rcmail->get_storage()->get_message_headers($uid, $folder);
            $args['param']['postseal_seal'] = $headers
                && ($headers->get('x-postseal-seal', false) !== null || $headers->get('x-postseal-pin', false) !== null);
        }

        return $args;
    }

    private function begins_sealed(): bool
    {
        $id = rcube_utils::get_input_string('_id', rcube_utils::INPUT_GET);

        return !empty($_SESSION['compose_data_' . $id]['param']['postseal_seal']);
    }

    /** The switch "seal this mail", among the options of the compose window. */
    public function compose_options($args)
    {
        if (($args['name'] ?? '') !== 'composeoptions' || $this->rcmail->action !== 'compose') {
            return $args;
        }

        // Tab stops as Elastic has them here: 2 comes after the mail itself.
        $row = static fn (string $id, string $label, string $field, string $class) => html::div(
            ['class' => 'form-group row ' . $class, 'id' => $id . '-row'],
            html::label(['for' => $id, 'class' => 'col-form-label col-6'], rcube::Q($label))
            . html::div(['class' => 'col-6'], $field)
        );
        $switch = new html_checkbox(['name' => '_postseal_seal', 'id' => 'postseal-seal',
            'value' => '1', 'class' => 'form-check-input', 'tabindex' => 2, 'noform' => true]);
        $pin = new html_inputfield(['name' => '_postseal_pin', 'id' => 'postseal-pin', 'class' => 'form-control',
            'inputmode' => 'numeric', 'autocomplete' => 'off', 'maxlength' => 40, 'tabindex' => 2,
            'aria-describedby' => 'postseal-pin-hint']);
        $args['content'] .= html::div(
            ['id' => 'postseal-options', 'class' => 'hidden'],
            $row('postseal-seal', $this->gettext('seal'), $switch->show($this->begins_sealed() ? '1' : ''), 'form-check')
            . $row(
                'postseal-pin',
                $this->gettext('pin'),
                $pin->show() . html::div(
                    ['class' => 'postseal-pin-buttons'],
                    $this->button('postseal-pin-new', 'pinnew', ['tabindex' => 2])
                    . $this->button('postseal-pin-copy', 'pincopy', ['tabindex' => 2])
                ),
                'hidden'
            )
            . html::p(['id' => 'postseal-pin-hint', 'class' => 'hint hidden'], rcube::Q($this->gettext('pinhint')))
        );

        return $args;
    }

    /** @param array<string, mixed> $more Further attributes */
    private function button(string $id, string $label, array $more = []): string
    {
        return html::tag('button', $more + ['type' => 'button', 'id' => $id,
            'class' => 'btn btn-secondary btn-sm'], rcube::Q($this->gettext($label)), ['type', ...html::$common_attrib]);
    }

    /*
     * When it is sent.
     */

    /** A draft remembers that it is to be sealed. Its PIN it does not. */
    public function ready($args)
    {
        if ($this->wants_seal() && !empty($_POST['_draft'])) {
            $args['message']->headers(['X-Postseal-Seal' => 'yes'], true);
        }

        return $args;
    }

    /** Marks fail-closed: a mail that is to be sealed is handed over here, or not at all. */
    public function before_send($args)
    {
        $this->strip_redirected($args['message']);

        if (!$this->wants_seal()) {
            return $args;
        }

        $args['abort'] = true;
        $args['result'] = false;
        [$status, $about] = $this->user() !== '' ? $this->client()->aliases() : [0, []];
        $seal = $status === 200 ? ($about['seal'] ?? null) : null;
        if (!is_array($seal) || empty($seal['domain'])) {
            $args['error'] = $this->gettext($status === 200 ? 'sealoff' : 'sealdown');

            return $args;
        }

        $pin = preg_replace('/\s+/', '', (string) rcube_utils::get_input_string('_postseal_pin', rcube_utils::INPUT_POST));
        $least = max(4, (int) ($seal['pin_length'] ?? 0));
        if ($pin !== '' && !preg_match('/^[0-9]{' . $least . ',16}$/D', $pin)) {
            $args['error'] = $this->gettext(['name' => 'pinbad', 'vars' => ['least' => $least]]);

            return $args;
        }

        $sealing = new postseal_sealing($this->rcmail);
        [$args['result'], $error, $this->pins] = $sealing->send($args, $pin, $seal);
        $args['error'] = $this->in_users_words($error);
        if ($args['result']) {
            $this->sealed = true;
            $this->rcmail->plugins->exec_hook('message_sent', ['headers' => $args['message']->headers(),
                'body' => '', 'message' => $args['message']]);
        }

        return $args;
    }

    /** Why the server did not take a mail, where that was postseal. */
    public function send_error($args)
    {
        $args['error'] = $this->in_users_words($args['error'] ?? null);

        return $args;
    }

    /**
     * @param string|array<string, mixed>|null $error As Roundcube has it of its SMTP
     *
     * @return string|array<string, mixed>|null The same, where it says nothing of postseal's
     */
    private function in_users_words($error)
    {
        $said = is_array($error) ? (string) ($error['vars']['msg'] ?? '') : '';
        $refusal = postseal_refusals::label($said);
        if ($refusal === null) {
            return $error;
        }
        [$label, $vars] = $refusal;
        if (isset($vars['why']) && $this->rcmail->text_exists('postseal.' . $vars['why'])) {
            $vars['why'] = $this->gettext($vars['why']);
        }

        return ['label' => 'postseal.' . $label, 'vars' => $vars + ['to' => (string) ($error['vars']['to'] ?? '')]];
    }

    private function wants_seal(): bool
    {
        return $this->rcmail->task === 'mail' && $this->rcmail->action === 'send'
            && rcube_utils::get_input_string('_postseal_seal', rcube_utils::INPUT_POST) === '1';
    }

    /** What stands in the copy in Sent, and in nothing that has been sent. */
    public function sent($args)
    {
        if ($this->sealed && is_object($args['message'])) {
            $lines = [];
            foreach ($this->pins as $who => $pin) {
                $lines[] = $who . ' ' . $pin;
            }
            $args['message']->headers(['X-Postseal-Seal' => 'yes'], true);
            if ($lines) {
                $args['message']->headers(['X-Postseal-PIN' => count($lines) === 1 ? $lines[0] : $lines], true);
            }
        }

        return $args;
    }

    /** A mail from Sent that is forwarded as an attachment leaves its PINs here. */
    public function attachment_save($args)
    {
        if (($args['mimetype'] ?? '') !== 'message/rfc822') {
            return $args;
        }
        if (!empty($args['data'])) {
            $args['data'] = postseal_headers::strip($args['data']);
            $args['size'] = strlen($args['data']);
        } elseif (!empty($args['path']) && is_readable($args['path'])) {
            $text = postseal_headers::strip((string) file_get_contents($args['path']));
            file_put_contents($args['path'], $text);
            $args['size'] = strlen($text);
        }

        return $args;
    }

    /** So does one that is redirected ("bounced", as Roundcube calls it). */
    private function strip_redirected($message): void
    {
        if (!$message instanceof rcmail_resend_mail) {
            return;
        }
        (function () {
            $this->init_message();
            $this->orig_head = postseal_headers::strip((string) $this->orig_head);
        })->call($message);
    }

    /*
     * When a mail is read.
     */

    /** Over which TLS it came; and of a sealed mail in Sent, the box with "check assigned PIN". */
    public function message_objects($args)
    {
        $message = $args['message'];
        if (!empty($message->headers)) {
            $args['content'] = [...$args['content'], ...$this->came($message), ...$this->sealed_box($message)];
        }

        return $args;
    }

    /**
     * As our own milter has noted it, and nobody else.
     *
     * @return string[]
     */
    private function came($message): array
    {
        $id = (string) $this->rcmail->config->get('postseal_authserv_id');
        $found = postseal_headers::tls($message->headers->get('authentication-results', false), $id);
        if ($found === null) {
            return [];
        }
        $details = trim(str_replace('TLSv', 'TLS ', $found['version']) . ' ' . $found['cipher']);
        $text = $this->gettext($found['tls'] ? 'cameover' : 'cameplain') . ($found['tls'] ? ' ' . $details : '');

        return [html::div(
            ['class' => 'postseal-came', 'data-postseal' => $found['tls'] ? 'tls' : 'plain'],
            rcube::Q(trim($text))
        )];
    }

    /**
     * @return string[]
     */
    private function sealed_box($message): array
    {
        $headers = $message->headers;
        // Of a mail that came from outside these headers say nothing.
        if (
            !$this->is_own_copy($message) || ($headers->get('x-postseal-seal', false) === null
            && $headers->get('x-postseal-pin', false) === null)
        ) {
            return [];
        }
        $this->rcmail->output->set_env('postseal_sealed', ['uid' => $message->uid, 'mbox' => $message->folder]);

        return [html::div(
            ['id' => 'postseal-sealed', 'class' => 'boxinformation postseal-sealed', 'role' => 'region',
                'aria-label' => $this->gettext('sealedmail')],
            html::span(null, rcube::Q($this->gettext('sealedmail')))
            . $this->button('postseal-check', 'checkpin')
            . html::div(['id' => 'postseal-sealed-list', 'role' => 'status'], '')
        )];
    }

    private function is_own_copy($message): bool
    {
        return $message->folder === $this->rcmail->config->get('sent_mbox');
    }

    /** Answers the browser: PINs and state of a sealed mail in Sent. */
    public function action_sealed(): void
    {
        $uid = rcube_utils::get_input_string('_uid', rcube_utils::INPUT_POST);
        $mbox = rcube_utils::get_input_string('_mbox', rcube_utils::INPUT_POST, true);
        $message = new rcube_message($uid, $mbox);
        $pins = [];
        [$known, $mails] = [false, []];
        if ($message->headers && $this->is_own_copy($message)) {
            $pins = postseal_headers::pins($message->headers->get('x-postseal-pin', false));
            [$known, $mails] = $this->states($message->headers);
        }

        $this->rcmail->output->command('plugin.postseal_sealed', ['pins' => $pins, 'known' => $known,
            'mails' => $mails]);
        $this->rcmail->output->send();
    }

    /**
     * How far this very mail has come, by recipient.
     *
     * @return array{bool, array<int, array<string, mixed>>} Could it be told; what
     */
    private function states($headers): array
    {
        $people = rcube_mime::decode_address_list(
            implode(', ', array_filter([$headers->to, $headers->cc, $headers->get('bcc')], 'is_string')),
            self::RECIPIENTS_SHOWN,
            false,
            null,
            true
        );
        $id = trim((string) $headers->messageID, '<> ');
        $known = $this->user() !== '';
        $mails = [];
        foreach ($known ? $people : [] as $recipient) {
            [$status, $answer] = $this->client()->sealed($recipient);
            if ($status !== 200) {
                $known = false;
                continue;
            }
            $found = false;
            foreach ((array) ($answer['sealed'] ?? []) as $mail) {
                foreach ($mail['letters'] as $letter) {
                    if (trim((string) $letter['message_id'], '<> ') === $id) {
                        $found = true;
                        $mails[] = ['read' => $letter['read']] + $mail;
                    }
                }
            }
            if (!$found) {
                $mails[] = ['recipient' => $recipient, 'state' => 'none'];
            }
        }

        return [$known, $mails];
    }

    /** What the sender may do about it. */
    public function action_act(): void
    {
        $recipient = (string) rcube_utils::get_input_string('_recipient', rcube_utils::INPUT_POST, true);
        $act = (string) rcube_utils::get_input_string('_act', rcube_utils::INPUT_POST);
        [$status, $answer] = [0, []];
        if (in_array($act, ['unlock', 'resend', 'revoke'], true) && $this->user() !== '') {
            [$status, $answer] = $this->client()->act($recipient, $act);
        }

        if ($status === 200) {
            $this->rcmail->output->show_message($this->gettext('done_' . $act), 'confirmation');
        } else {
            $this->rcmail->output->show_message($this->why_not($answer), 'error');
        }
        $this->rcmail->output->command('plugin.postseal_acted', ['done' => $status === 200]);
        $this->rcmail->output->send();
    }
}

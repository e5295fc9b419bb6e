<?php

// SPDX-License-Identifier: BSD-2-Clause

/**
 * Sends a mail that the user wants sealed.
 *
 * Fail-closed: the mail is handed over here, to recipients in the sealed domain and to nobody
 * else, instead of by Roundcube. Whatever goes wrong, or is missing on the way (the milter, a
 * login), such a recipient can be reached by the sealing server alone, so the mail is refused
 * rather than sent in the clear.
 */
class postseal_sealing
{
    private rcmail $rcmail;
    public function __construct(rcmail $rcmail)
    {
        $this->rcmail = $rcmail;
    }

    /**
     * bob@example.net as bob=example.net@sealed.example.com, quoted parts as they are.
     *
     * @return string|null Null: this is no address that can be sealed
     */
    public static function address(string $address, string $domain): ?string
    {
        $at = strrpos($address, '@');
        if (!$at || $at === strlen($address) - 1 || preg_match('/[\x00-\x1f\x7f<>]/', $address)) {
            return null;
        }
        $local = substr($address, 0, $at);
        $of = rcube_utils::idn_to_ascii(substr($address, $at + 1));
        if (!preg_match('/^[A-Za-z0-9.-]+$/', $of)) {
            return null;
        }
        if ($local[0] === '"' && substr($local, -1) === '"' && strlen($local) > 1) {
            return substr($local, 0, -1) . '=' . $of . '"@' . $domain;
        }

        return $local . '=' . $of . '@' . $domain;
    }

    /**
     * All recipients of a message, each once.
     *
     * @param Mail_mime       $message
     * @param string|string[] $mailto
     *
     * @return string[]
     */
    public static function recipients($message, $mailto): array
    {
        $headers = $message->headers();
        $found = [];
        foreach ([...(array) $mailto, $headers['Cc'] ?? '', $headers['Bcc'] ?? ''] as $list) {
            foreach (rcube_mime::decode_address_list((string) $list, null, false, null, true) as $address) {
                $found[$address] = $address;
            }
        }

        return array_values($found);
    }

    /**
     * @param array<string, mixed> $args Of hook message_before_send
     * @param string               $pin  As the user has it; "": one is made up or none is needed
     * @param array<string, mixed> $seal What the interface says of sealing
     *
     * @return array{bool, string|array<string, mixed>|null, array<string, string>} Was it sent;
     *     else why not; PINs by recipient
     */
    public function send(array &$args, string $pin, array $seal): array
    {
        $message = $args['message'];
        $people = self::recipients($message, $args['mailto']);
        $sealed = [];
        foreach ($people as $address) {
            $sealed[] = self::address($address, $seal['domain']);
        }
        if (!$people || in_array(null, $sealed, true)) {
            return [false, $this->sentence('sealaddress'), []];
        }

        // The milter takes these out; where there is none, nobody takes such a recipient's mail.
        $pins = $pin === '' ? [] : array_fill_keys($people, $pin);
        $marks = "X-Postseal-Seal: yes\r\n";
        foreach ($pins as $who => $what) {
            $marks .= "X-Postseal-PIN: {$who} {$what}\r\n";
        }

        [$sent, $error] = $this->hand_over($args, $sealed, $marks);

        return [$sent, $error, $sent ? $pins : []];
    }

    /**
     * As rcube::deliver_message does it, but to these recipients alone.
     */
    private function hand_over(array &$args, array $sealed, string $marks): array
    {
        $message = $args['message'];
        $head = $marks . $message->txtHeaders(['Bcc' => null], true);
        $bcc = $message->headers()['Bcc'] ?? null;

        if ($message->getParam('delay_file_io')) {
            $args['body_file'] = rcube_utils::temp_filename('msg');
            if (is_a($message->saveMessageBody($args['body_file']), 'PEAR_Error')) {
                return [false, 'sendingfailed'];
            }
            $body = fopen($args['body_file'], 'r');
        } else {
            $body = $message->get();
        }

        if (!is_object($this->rcmail->smtp)) {
            $this->rcmail->smtp_init(true);
        }
        $sent = $this->rcmail->smtp->send_mail($args['from'], $sealed, $head, $body, $args['options']);
        $error = $this->rcmail->smtp->get_error();
        if (is_resource($body)) {
            fclose($body);
        }
        $this->rcmail->smtp->disconnect();
        if ($bcc !== null) {
            $message->headers(['Bcc' => $bcc], true);
        }

        return [(bool) $sent, $sent ? null : ($error ?: 'sendingfailed')];
    }

    private function sentence(string $label): string
    {
        return $this->rcmail->gettext('postseal.' . $label);
    }
}

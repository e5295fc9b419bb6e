<?php

// SPDX-License-Identifier: BSD-2-Clause

/**
 * Asks postseal-webmail over its Unix socket: HTTP/1.1 and JSON, man page postseal-webmail(8).
 *
 * Nothing waits for it for long: what has not come within some seconds is an error like any
 * other, and its callers can do without.
 */
class postseal_client
{
    private const CONNECT_SECONDS = 1;
    private const ANSWER_SECONDS = 4;
    private const ANSWER_MAX = 4194304;

    private string $socket;
    private string $user;

    /**
     * @param string $socket Path of the socket
     * @param string $user   The user's address, as he has logged in
     */
    public function __construct(string $socket, string $user)
    {
        $this->socket = $socket;
        $this->user = $user;
    }

    /**
     * What postseal says of these recipients, in their order.
     *
     * @param string[] $addresses At most 100
     *
     * @return array{int, array<string, mixed>} Status of HTTP (0: no answer), and the answer
     */
    public function recipients(array $addresses): array
    {
        $query = array_map(static fn ($address) => 'a=' . rawurlencode($address), $addresses);

        return $this->ask('GET', '/v1/recipients?' . implode('&', $query));
    }

    /**
     * The user's secure aliases, and whether mail can be sealed.
     *
     * @return array{int, array<string, mixed>}
     */
    public function aliases(): array
    {
        return $this->ask('GET', '/v1/aliases');
    }

    /**
     * @param string               $alias  One of the user's own
     * @param array<string, mixed> $change Members of the request
     *
     * @return array{int, array<string, mixed>}
     */
    public function change(string $alias, array $change): array
    {
        return $this->ask('PUT', '/v1/aliases/' . rawurlencode($alias), $change);
    }

    /**
     * The user's sealed mails to this recipient.
     *
     * @return array{int, array<string, mixed>}
     */
    public function sealed(string $recipient): array
    {
        return $this->ask('GET', '/v1/sealed/' . rawurlencode($recipient));
    }

    /**
     * @param string $act unlock, resend or revoke
     *
     * @return array{int, array<string, mixed>}
     */
    public function act(string $recipient, string $act): array
    {
        return $this->ask('POST', '/v1/sealed/' . rawurlencode($recipient) . '/' . $act);
    }

    private function ask(string $method, string $target, ?array $body = null): array
    {
        // Whatever stands in it, a name must not become two headers.
        if (preg_match('/[\x00-\x20\x7f]/', $this->user . $target)) {
            return [0, []];
        }

        $stream = @stream_socket_client('unix://' . $this->socket, $code, $text, self::CONNECT_SECONDS);
        if (!$stream) {
            $this->log("cannot be asked at {$this->socket}: {$text}");

            return [0, []];
        }

        $json = $body === null ? '' : json_encode($body);
        $head = "{$method} {$target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            . "X-Postseal-User: {$this->user}\r\n"
            . ($body === null ? '' : "Content-Type: application/json\r\n")
            . ($method === 'GET' ? '' : 'Content-Length: ' . strlen($json) . "\r\n");

        stream_set_timeout($stream, self::ANSWER_SECONDS);
        fwrite($stream, $head . "\r\n" . $json);
        $answer = $this->read($stream);
        fclose($stream);

        [$status, $json] = $this->understand($answer);
        // What an administrator has to mend: who may ask, and whose addresses these are.
        if (in_array($status, [400, 403], true)) {
            $this->log('says: ' . ($json['text'] ?? ''));
        }

        return [$status, $json];
    }

    private function log(string $what): void
    {
        rcube::raise_error(['message' => 'postseal-webmail ' . $what], true);
    }

    /**
     * All that comes until the server hangs up, within the time.
     *
     * @param resource $stream
     */
    private function read($stream): string
    {
        $until = microtime(true) + self::ANSWER_SECONDS;
        $answer = '';

        while (!feof($stream) && microtime(true) < $until && strlen($answer) < self::ANSWER_MAX) {
            $part = fread($stream, 65536);
            if ($part === false || ($part === '' && stream_get_meta_data($stream)['timed_out'])) {
                break;
            }
            $answer .= $part;
        }

        return $answer;
    }

    private function understand(string $answer): array
    {
        [$head, $body] = explode("\r\n\r\n", $answer, 2) + ['', ''];
        $json = json_decode($body, true, 16);

        if (!preg_match('#^HTTP/1\.1 ([1-5][0-9][0-9])\b#', $head, $status) || !is_array($json)) {
            return [0, []];
        }
        // This user asks too often, and may again in so many seconds.
        if (preg_match('/^Retry-After: ([0-9]{1,4})\r?$/mi', $head, $wait)) {
            $json['wait'] = (int) $wait[1];
        }

        return [(int) $status[1], $json];
    }
}

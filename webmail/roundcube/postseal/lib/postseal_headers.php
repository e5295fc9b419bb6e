<?php

// SPDX-License-Identifier: BSD-2-Clause

/**
 * What the plugin reads in and takes out of headers of mails. Pure functions of their text.
 */
class postseal_headers
{
    /** Headers of ours that must never leave: RFC 5322 field, folded lines included. */
    private const OURS = '/^X-Postseal-[!-9;-~]*:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|$)/mi';

    /**
     * A message without our headers in its head; its body is untouched.
     */
    public static function strip(string $message): string
    {
        $head = preg_match('/(\r?\n)\r?\n/', $message, $end, PREG_OFFSET_CAPTURE)
            ? $end[1][1] + strlen($end[1][0]) : strlen($message);

        return preg_replace(self::OURS, '', substr($message, 0, $head)) . substr($message, $head);
    }

    /**
     * The PINs that stand in a saved copy, by recipient.
     *
     * @param string|string[]|null $values Values of X-Postseal-PIN
     *
     * @return array<string, string>
     */
    public static function pins($values): array
    {
        $pins = [];
        foreach ((array) $values as $value) {
            if (preg_match('/^\s*(\S+@\S+)\s+([0-9 ]{4,40})\s*$/', (string) $value, $part)) {
                $pins[$part[1]] = trim($part[2]);
            }
        }

        return $pins;
    }

    /**
     * Over which TLS a mail came, as our own milter has noted it (RFC 8601).
     *
     * @param string|string[]|null $values Values of Authentication-Results, the topmost first
     * @param string               $id     The only name that is believed
     *
     * @return array{tls: bool, version: string, cipher: string}|null Null: it does not say
     */
    public static function tls($values, string $id): ?array
    {
        if ($id === '') {
            return null;
        }
        foreach ((array) $values as $value) {
            $value = preg_replace('/\s+/', ' ', trim((string) $value));
            if (!preg_match('/^([^\s;]+)(?: 1)? ?;(.*)$/', $value, $part) || strcasecmp($part[1], $id) !== 0) {
                continue;
            }
            if (preg_match('/(?:^|;) ?x-tls=none\b/', $part[2])) {
                return ['tls' => false, 'version' => '', 'cipher' => ''];
            }
            if (preg_match('/(?:^|;) ?x-tls=pass([^;]*)/', $part[2], $found)) {
                $words = ['version' => '', 'cipher' => ''];
                foreach ($words as $name => $none) {
                    if (preg_match('/ smtp\.' . $name . '=([A-Za-z0-9_.-]{1,64})(?= |$)/', $found[1], $word)) {
                        $words[$name] = $word[1];
                    }
                }

                return ['tls' => true] + $words;
            }
        }

        return null;
    }
}

<?php

// SPDX-License-Identifier: BSD-2-Clause

/**
 * Why the server did not take a mail: sentences of postseal-milter(8), by which each is known,
 * and the label that tells it to the user.
 */
class postseal_refusals
{
    /** Part of a sentence => label. */
    private const SENTENCES = [
        'is taken only from its owner' => 'refused_owner',
        'Cannot tell right now what this secure address demands' => 'refused_later',
        'Sealed mail is sent from an address of this host' => 'refused_sealsender',
        'One of the recipients has an address that mail cannot be sealed to' => 'sealaddress',
    ];

    /**
     * @param string $said What the server said
     *
     * @return array{string, array<string, string>}|null Label and its values, of which "why" is
     *     word for word what postseal says; null: this is no sentence of postseal's
     */
    public static function label(string $said): ?array
    {
        if (preg_match('/^(?:[45]\.\d+\.\d+ )?(?:.*: )?(\S+) ([^;]+); mail from a secure address cannot go there/', $said, $part)) {
            $label = str_contains($said, 'To seal it, write to') ? 'refused_sealable' : 'refused_level';

            return [$label, ['domain' => $part[1], 'why' => $part[2]]];
        }
        if (preg_match('/The PIN ([^.]+)\. Choose another/', $said, $part)) {
            return ['refused_pin', ['why' => $part[1]]];
        }
        foreach (self::SENTENCES as $sentence => $label) {
            if (str_contains($said, $sentence)) {
                return [$label, []];
            }
        }

        return null;
    }
}

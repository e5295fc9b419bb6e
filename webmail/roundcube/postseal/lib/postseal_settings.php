<?php

// SPDX-License-Identifier: BSD-2-Clause

/**
 * Settings, Encrypted sending: off, on, or on with an expert level; whether mail that cannot
 * be sent so is sealed; and the identity that goes with it, so that the alias can be chosen as
 * a sender at once.
 */
class postseal_settings
{
    private const SECTION = 'postseal';
    private const LEVELS = ['encrypt', 'authenticated', 'verify', 'dane-only'];

    private postseal $plugin;
    private rcmail $rcmail;

    public function __construct(postseal $plugin, rcmail $rcmail)
    {
        $this->plugin = $plugin;
        $this->rcmail = $rcmail;
    }

    public function init(): void
    {
        $this->plugin->add_hook('preferences_sections_list', [$this, 'section']);
        $this->plugin->add_hook('preferences_list', [$this, 'show']);
        $this->plugin->add_hook('preferences_save', [$this, 'save']);
        $this->plugin->include_stylesheet('skins/elastic/postseal.css');
    }

    public function section($args)
    {
        $args['list'][self::SECTION] = ['id' => self::SECTION, 'section' => $this->text('encryptedsending')];

        return $args;
    }

    public function show($args)
    {
        if ($args['section'] !== self::SECTION) {
            return $args;
        }
        if (!$args['current']) {
            $args['blocks']['main']['content'] = true;

            return $args;
        }

        [$status, $answer] = $this->plugin->user() !== '' ? $this->plugin->client()->aliases() : [0, []];
        $aliases = $status === 200 ? (array) ($answer['aliases'] ?? []) : [];
        $args['blocks']['about'] = ['name' => $this->text('encryptedsending'), 'options' => [
            'about' => ['content' => html::p('postseal-about', rcube::Q($this->text(
                $aliases ? 'about' : ($status === 200 ? 'noalias' : 'noanswer')
            )))],
        ]];
        $seals = ($answer['seal'] ?? null) !== null;
        foreach ($aliases as $i => $alias) {
            $options = ['level' => ['content' => $this->choices((int) $i, $alias)]];
            if ($seals) {
                $options['otherwise'] = ['content' => $this->otherwise((int) $i, $alias)];
            }
            $args['blocks']['alias' . $i] = ['name' => rcube::Q($alias['address']), 'options' => $options];
        }

        return $args;
    }

    /**
     * One radio button for each way, each with the sentence of what it means and what it costs.
     *
     * @param array<string, mixed> $alias
     */
    private function choices(int $i, array $alias): string
    {
        $now = empty($alias['enabled']) ? 'off' : (string) $alias['level'];
        $expert = !in_array($now, ['off', 'encrypt'], true);
        $html = (new html_hiddenfield(['name' => "_postseal_alias[{$i}]", 'value' => $alias['address']]))->show();
        $html .= $this->choice($i, 'off', $now) . $this->choice($i, 'encrypt', $now);
        $levels = '';
        foreach (array_slice(self::LEVELS, 1) as $level) {
            $levels .= $this->choice($i, $level, $now);
        }

        return html::tag(
            'fieldset',
            ['class' => 'postseal-levels'],
            html::tag('legend', ['class' => 'voice'], rcube::Q($this->text('sendfrom') . ' ' . $alias['address']))
            . $html . html::tag(
                'details',
                $expert ? ['open' => 'open'] : [],
                html::tag('summary', [], rcube::Q($this->text('expert'))) . $levels,
                ['open']
            )
        );
    }

    private function choice(int $i, string $level, string $now): string
    {
        $id = "postseal-{$i}-{$level}";
        $radio = new html_radiobutton(['name' => "_postseal_level[{$i}]", 'id' => $id, 'value' => $level,
            'aria-describedby' => $id . '-means']);

        return html::div(
            'postseal-level',
            $radio->show($now) . html::div(
                null,
                html::label(['for' => $id], rcube::Q($this->text('level_' . $level)))
                . html::p(['id' => $id . '-means', 'class' => 'hint'], rcube::Q($this->text('means_' . $level)))
            )
        );
    }

    /**
     * What becomes of mail that cannot be sent so. A box that is not ticked is not in the
     * form, so there is a field beside it that tells that it was shown.
     *
     * @param array<string, mixed> $alias
     */
    private function otherwise(int $i, array $alias): string
    {
        $id = "postseal-{$i}-otherwise";
        // Elastic gives a check box a label of its own, an empty one.
        $box = new html_checkbox(['name' => "_postseal_otherwise[{$i}]", 'id' => $id, 'value' => 'mailbox',
            'aria-labelledby' => $id . '-label', 'aria-describedby' => $id . '-means']);

        return html::div(
            'postseal-level postseal-otherwise',
            (new html_hiddenfield(['name' => "_postseal_seals[{$i}]", 'value' => '1']))->show()
            . $box->show($alias['otherwise'] ?? '') . html::div(
                null,
                html::label(['for' => $id, 'id' => $id . '-label'], rcube::Q($this->text('otherwise')))
                . html::p(['id' => $id . '-means', 'class' => 'hint'], rcube::Q($this->text('means_otherwise')))
            )
        );
    }

    public function save($args)
    {
        if ($args['section'] !== self::SECTION) {
            return $args;
        }

        $aliases = (array) rcube_utils::get_input_value('_postseal_alias', rcube_utils::INPUT_POST);
        $levels = (array) rcube_utils::get_input_value('_postseal_level', rcube_utils::INPUT_POST);
        $seals = (array) rcube_utils::get_input_value('_postseal_seals', rcube_utils::INPUT_POST);
        $otherwise = (array) rcube_utils::get_input_value('_postseal_otherwise', rcube_utils::INPUT_POST);
        foreach ($aliases as $i => $alias) {
            $level = $levels[$i] ?? '';
            if (!is_string($alias) || !in_array($level, ['off', ...self::LEVELS], true)) {
                continue;
            }
            $change = $level === 'off' ? ['enabled' => false] : ['enabled' => true, 'level' => $level];
            if (isset($seals[$i])) {
                $change['otherwise'] = ($otherwise[$i] ?? '') === 'mailbox' ? 'mailbox' : 'refuse';
            }
            [$status, $answer] = $this->plugin->client()->change($alias, $change);
            if ($status !== 200) {
                $args['abort'] = true;
                $args['result'] = false;
                $args['message'] = $this->plugin->why_not($answer);

                return $args;
            }
            // As postseal spells it, whatever the request said.
            $this->keep_identity($args, (string) $answer['address'], !empty($answer['enabled']));
        }

        return $args;
    }

    /**
     * Switching on makes an identity, if there is none; switching off takes away the one that
     * was made here, unless the user has edited it since.
     */
    private function keep_identity(array &$args, string $alias, bool $enabled): void
    {
        $made = (array) $this->rcmail->config->get('postseal_identities', []);
        $all = $this->rcmail->user->list_identities();
        $mine = array_values(array_filter($all, static fn ($identity) => strcasecmp($identity['email'], $alias) === 0));

        if ($enabled && !$mine) {
            $record = ['name' => (string) ($all[0]['name'] ?? ''), 'email' => $alias, 'standard' => 0];
            $id = $this->rcmail->user->insert_identity($record);
            if ($id) {
                $made[$alias] = ['id' => (string) $id, 'is' => $this->fingerprint($this->rcmail->user->get_identity($id))];
            }
        } elseif (!$enabled && isset($made[$alias])) {
            foreach ($mine as $identity) {
                if (
                    (string) $identity['identity_id'] === $made[$alias]['id']
                    && $this->fingerprint($identity) === $made[$alias]['is']
                ) {
                    $this->rcmail->user->delete_identity($identity['identity_id']);
                }
            }
            unset($made[$alias]);
        }
        $args['prefs']['postseal_identities'] = $made;
    }

    /** All that a user can edit of an identity. */
    private function fingerprint(array $identity): string
    {
        $parts = [];
        foreach (['name', 'organization', 'email', 'reply-to', 'bcc', 'signature', 'html_signature', 'standard'] as $field) {
            $parts[] = (string) ($identity[$field] ?? '');
        }

        return hash('sha256', implode("\0", $parts));
    }

    private function text(string $label): string
    {
        return $this->rcmail->gettext('postseal.' . $label);
    }
}

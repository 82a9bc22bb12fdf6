import { useStore } from '@nanostores/react';
import type { components } from '../../inbox-client/generated/api';
import { settingsText } from './text';

type SiteChat = components['schemas']['LiveChat'];

/** What is to be taken elsewhere, as it is; some of it is told only once. */
export type Told = { of: string; hint: string; lines: { label: string; words: string }[] };

/** Words for what an inbox is to be known by elsewhere. */
export function useTold() {
  const text = useStore(settingsText);
  return {
    /** The line that puts a chat on a site; with the secret by which the site vouches, when it is new. */
    site: ({ name, key, settings }: SiteChat, secret?: string): Told => ({
      of: name,
      hint: secret ? text.secretOnce : text.snippetHint,
      lines: [
        { label: text.snippet, words: snippetOf(key, settings) },
        ...(secret ? [{ label: text.identitySecret, words: secret }] : []),
      ],
    }),
    /** Where a Chatwoot's webhooks are to go. */
    chatwoot: (of: string, webhookPath: string): Told => ({
      of,
      hint: text.webhookOnce,
      lines: [{ label: text.webhookAddress, words: location.origin + webhookPath }],
    }),
  };
}

/** What the launcher shows before anything is fetched, stands in the line itself. */
function snippetOf(key: string, { color, locale }: SiteChat['settings']): string {
  const wishes = [color && ` data-color="${color}"`, locale && ` data-locale="${locale}"`];
  const source = `${location.origin}/widget.js`;
  return `<script async src="${source}" data-inbox="${key}"${wishes.filter(Boolean).join('')}></script>`;
}

// The message for a text that cannot be sent.
import { t } from '$/language/index.svelte';

import { fault } from './allowed';

/** Why a text cannot be sent, in words; null when it can, and when nothing was written yet. */
export function faultOf(text: string): string | null {
  const wrong = text.trim() === '' ? null : fault(text);
  if (!wrong) return null;
  return wrong.reason === 'empty' ? t('text.empty') : t(`text.${wrong.reason}`, { character: wrong.character });
}

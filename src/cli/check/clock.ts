// Checks the clock of the authorization server against that of this machine. Pure, on the machine.

import type { Settings } from '../../client-auth/settings.ts';
import { clockRemedy, describeClock } from '../diagnosis/clock-causes.ts';
import { type Line, line, notChecked } from './line.ts';

/** Seconds of difference, without `clock_offset`, from which on there is a warning or a failure. A server accepts 10. */
const MAX_AGREEING = 5;
const MAX_SLIGHT = 30;

/**
 * Checks the difference of the clocks.
 *
 * @param difference seconds, server minus local; undefined if no answer had a date
 * @see FAPI 2.0 section 5.3.2.1
 */
export function checkClock(settings: Settings, difference: number | undefined): Line {
  const name = 'clock';
  if (difference === undefined) return notChecked('clock_not_checked', name, 'no answer of the server had a date');
  const offset = settings.method === 'private_key_jwt' ? settings.clockOffset : 0;
  const remaining = Math.abs(difference - offset);
  const words = describeClock(difference, offset);
  if (remaining <= MAX_AGREEING) return line('clock_agrees', name, words);
  // Without an assertion only the validity of certificates depends on the clock.
  if (settings.method === 'tls_client_auth') {
    return line('clock_of_machine_differs', name, `${words}. Set the clock of this machine.`);
  }
  const code = remaining > MAX_SLIGHT ? 'clock_differs' : 'clock_differs_slightly';
  return line(code, name, `${words}: ${clockRemedy(difference)}`);
}

// Stops before a run in which each request to an endpoint would fail. On the machine.

import type { Beginning } from '../client/beginning.ts';
import { nameKeyFile } from '../client/terminal-words.ts';
import { CommandError } from '../command.ts';
import { toText } from './lines-as-text.ts';
import { checkOffline, findSureFaults } from './offline.ts';

/**
 * Refuses a run that can't succeed.
 *
 * @param note shows a line to the user: those of `check`
 * @throws CommandError when something is surely wrong
 */
export async function refuseSureFaults(run: Beginning, note: (line: string) => void): Promise<void> {
  const checked = checkOffline({ ...run.client, read: run.read }, new Date());
  const faults = findSureFaults(checked, run).map(line => ({
    ...line,
    message: nameKeyFile(line.message, run.keyFile),
  }));
  if (faults.length === 0) return;
  for (const row of toText(faults, false, undefined).trimEnd().split('\n')) note(row);
  const count = `${faults.length} ${faults.length === 1 ? 'check' : 'checks'}`;
  throw new CommandError(`${count} failed before the run: nothing was sent.`);
}

// The texts of the two built scripts, which are beside the command line and the library in dist/. On the machine.

import { readFileSync } from 'node:fs';
import { CommandError, type Scripts } from './command.ts';

/**
 * Reads the built scripts.
 *
 * @throws CommandError when one is not there
 */
export const readScripts = (): Scripts => ({
  preRequest: readScript('pre-request'),
  postResponse: readScript('post-response'),
});

function readScript(name: string): string {
  try {
    return readFileSync(new URL(`${name}.js`, import.meta.url), 'utf8');
  } catch (error) {
    throw new CommandError(`The ${name} script is not beside the command line. Run "npm run build".`, 1, {
      cause: error,
    });
  }
}

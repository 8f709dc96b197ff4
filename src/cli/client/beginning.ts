// What a run begins with, as it is looked at before: the same for the room that reads it and the room that judges it. On the machine.

import type { ReadVariable } from '../../client-auth/settings.ts';
import type { Client } from './client-options.ts';

/** What a run begins with. */
export interface Beginning {
  client: Client;
  /** The collection, with the scripts in it: any script of it may set a variable. */
  collection: object;
  /** The part of it that `--folder` names, or the whole. */
  part: object;
  /** Text of the file of data; empty without one. */
  data: string;
  /** Reads a variable of any scope. */
  read: ReadVariable;
  /** The file of the signing key, which no script replaces; empty for a key given in another way, undefined for one in a variable. */
  keyFile: string | undefined;
}

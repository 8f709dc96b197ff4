// What the script needs of the language and the host before it can judge a request, inside the sandbox.

import { findEndpoint } from '../client-auth/authorization-server.ts';
import { ClientAuthError } from '../client-auth/errors.ts';
import type { Resolve } from '../client-auth/form.ts';

/**
 * Refuses to judge a request with changed built-ins. What a script changes in the language itself may last for the requests
 * after it, and could make a request to an endpoint look like any other. An example shows whether references are still
 * resolved, endpoints still found, and time passes.
 *
 * @throws ClientAuthError `built_ins_changed`
 */
export const checkBuiltIns = (resolve: Resolve): void => {
  const find = (url: string) => findEndpoint(url, { token_endpoint: 'HTTPS://a/' });
  if (Number(resolve('{{$timestamp}}')) > 0 && Date.now() > 0 && find('https://a') && !find('https://b')) return;
  const message = 'A script has changed built-ins like Array.prototype.find. Undo that.';
  throw new ClientAuthError('built_ins_changed', message);
};

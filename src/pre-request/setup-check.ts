// A dry run for the user, inside the sandbox: a GET whose URL ends in #check-my-setup is sent as it is (a fragment never leaves
// the machine), and before that one test for each part says whether client authentication could be made. Nothing of it is sent.

import { checkServerUrl } from '../client-auth/server-url.ts';
import { type ReadVariable, readSettings, readSigning, type Signing } from '../client-auth/settings.ts';
import type { Signer } from '../client-auth/signer.ts';
import type { Ask } from './host.ts';
import { askAgent } from './signing-agent.ts';

/** Records a test that passes unless the step throws; says whether it has passed. */
export type Test = (name: string, step: () => unknown) => boolean;

/** Whether the request asks for the dry run. */
export const isSetupCheck = (method: string, url: string): boolean =>
  method === 'GET' && /#check-my-setup\s*$/.test(url);

/**
 * Tests settings, signing key or signing agent, and issuer.
 *
 * @param readWithKey reads the signing key out of the vault too
 * @param createSigner makes the signer for a signature that is thrown away
 * @param finish called once, with whether the metadata of the issuer can be asked for
 */
export const checkSetup = (
  read: ReadVariable,
  readWithKey: ReadVariable,
  createSigner: (signing: Signing) => Signer,
  ask: Ask,
  test: Test,
  finish: (hasIssuer: boolean) => void,
): void => {
  const checkIssuer = (): void =>
    finish(test('issuer is a URL', () => checkServerUrl('issuer', read('issuer').trim())));
  let foreign: Signing | undefined;
  test('client_id and the other settings are valid', () => readSettings(read));
  // With tls_client_auth only request objects are signed.
  const hasAgent = read('signing_agent').trim();
  if (read('token_endpoint_auth_method').trim() !== 'tls_client_auth' || read('signing_key').trim() || hasAgent) {
    test(hasAgent ? 'signing_agent and kid are valid' : 'signing_key and kid can sign', () => {
      const signing = readSigning(readWithKey);
      if (signing.agent) foreign = signing;
      else createSigner(signing).sign({});
    });
  }
  if (!foreign) checkIssuer();
  else {
    askAgent(read('client_id').trim(), foreign, [], ask, toSigner => {
      test('the signing agent signs for this client', toSigner);
      checkIssuer();
    });
  }
};

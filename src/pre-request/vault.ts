// A signing key in the vault of the Postman app, inside the sandbox: the variable refers to it as {{vault:NAME}}, which the app
// resolves only after the scripts. What came of asking for it becomes the key, or a refusal. Pure.
// https://learning.postman.com/docs/tests-and-scripts/write-scripts/postman-sandbox-reference/pm-vault

import { fault } from '../client-auth/signing-key-faults.ts';

/** Seconds: the app asks the user for access, and that takes its time. */
export const VAULT_LIMIT = 60;

/** Why there is no key, and one thing to do. */
type Refusal = [got: string, remedy: string];

export const NO_VAULT: Refusal = ['and only the Postman app has a vault', 'Set the key itself.'];
export const REFUSED: Refusal = [
  'and access was denied',
  'Turn on "Enable support in scripts" in the settings of the vault, and grant access.',
];
const MISSING: Refusal = ['which is not in the vault', 'Add it there. For Postman CLI set the key itself.'];
const LATE: Refusal = [`and no answer in ${VAULT_LIMIT} s`, 'Send again, and grant access.'];

/** What came of asking: the key, or why there is none; undefined where nothing came. */
export type VaultAnswer = string | Refusal | undefined;

/** The name of the secret that a signing key refers to; undefined where it is no such reference. */
export const findVaultName = (signingKey: string): string | undefined =>
  /^\s*\{\{vault:([^{}]+)\}\}\s*$/.exec(signingKey)?.[1];

/** What the vault gave; Postman CLI gives nothing, whatever the name. */
export const toVaultAnswer = (secret: unknown): VaultAnswer => (secret ? String(secret) : MISSING);

/**
 * Gives the key out of the vault.
 *
 * @throws ClientAuthError `variable_unresolved`
 */
export const toVaultKey = (name: string, answer: VaultAnswer = LATE): string => {
  if (typeof answer === 'string') return answer;
  const [got, remedy] = answer;
  throw fault('variable_unresolved', `{{vault:${name}}}, ${got}`, remedy);
};

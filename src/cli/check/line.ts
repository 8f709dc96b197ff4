// What `check` says: one line for each thing that it has looked at, with a code that programs can rely on. Pure, on the machine.

import { ClientAuthError, type ClientAuthErrorCode } from '../../client-auth/errors.ts';
import { toTerminalWords } from '../client/terminal-words.ts';
import type { SecretFinding } from '../collection/findings.ts';
import type { RequestFinding } from '../collection/obstacles.ts';
import type { ScriptFinding } from '../collection/script-findings.ts';
import { CommandError } from '../command.ts';

/** `info`: neither right nor wrong. `skip`: it could not be checked, or there was nothing to check. */
export type Status = 'ok' | 'info' | 'warn' | 'fail' | 'skip';

/** The own codes of `check`, each with its status. Closed: a code never changes its meaning. */
export const STATUS_BY_CODE = {
  config_used: 'ok',
  variables_valid: 'ok',
  variable_name_whitespace: 'fail',
  variable_name_whitespace_unused: 'warn',
  variable_switched_off: 'warn',
  signing_key_valid: 'ok',
  signing_agent_set: 'ok',
  sign_command_valid: 'ok',
  sign_command_not_verified: 'warn',
  sign_command_failed: 'fail',
  kid_set: 'ok',
  kid_not_of_jwk: 'warn',
  certificate_usable: 'ok',
  certificate_missing: 'fail',
  certificate_unreadable: 'fail',
  certificate_key_unusable: 'fail',
  certificate_not_checked: 'skip',
  certificate_valid: 'ok',
  certificate_ends_soon: 'warn',
  certificate_expired: 'fail',
  certificate_not_yet_valid: 'fail',
  certificate_for_clients: 'ok',
  certificate_not_for_clients: 'fail',
  certificate_subject_read: 'ok',
  certificate_subject_registered: 'ok',
  certificate_subject_differs: 'fail',
  certificate_subject_differs_unused: 'warn',
  certificate_chain_complete: 'ok',
  certificate_chain_incomplete: 'warn',
  certificate_chain_broken: 'fail',
  issuer_valid: 'ok',
  issuer_unreachable: 'fail',
  issuer_not_checked: 'skip',
  endpoint_supported: 'ok',
  endpoint_methods_unknown: 'warn',
  endpoint_algorithms_unknown: 'warn',
  endpoint_method_unsupported: 'fail',
  endpoint_algorithm_unsupported: 'fail',
  endpoint_not_checked: 'skip',
  aliases_used: 'ok',
  aliases_none: 'ok',
  aliases_bypassed: 'fail',
  aliases_not_checked: 'skip',
  assertion_made: 'ok',
  assertion_not_checked: 'skip',
  jwks_key_registered: 'ok',
  jwks_unreadable: 'fail',
  jwks_private_key: 'fail',
  jwks_kid_missing: 'fail',
  jwks_kid_duplicate: 'fail',
  jwks_other_key: 'fail',
  jwks_key_other_use: 'fail',
  jwks_not_checked: 'skip',
  connection_established: 'ok',
  connection_failed: 'fail',
  connection_not_checked: 'skip',
  clock_agrees: 'ok',
  clock_differs: 'fail',
  clock_differs_slightly: 'warn',
  clock_of_machine_differs: 'warn',
  clock_not_checked: 'skip',
  live_accepted: 'ok',
  live_authenticated: 'warn',
  live_refused: 'fail',
  live_unreachable: 'fail',
  live_unexpected_answer: 'fail',
  live_other_method_refused: 'info',
  live_other_method_unknown: 'skip',
  live_not_tried: 'skip',
  script_injected: 'ok',
  script_missing: 'fail',
  script_duplicate: 'fail',
  script_changed: 'fail',
  script_other_build: 'fail',
  script_other_version: 'fail',
  script_disabled: 'fail',
  script_not_run: 'fail',
  script_not_first: 'fail',
  script_not_last: 'fail',
  secret_not_found: 'ok',
  secret_found: 'fail',
  secret_allowed: 'info',
  secret_allowed_not_found: 'warn',
  server_variable_not_found: 'ok',
  server_variable_found: 'warn',
  script_sends: 'warn',
  script_changes_authentication: 'warn',
  script_drops_authentication: 'warn',
  script_sets_variable: 'warn',
  request_refused: 'warn',
  request_replaced: 'ok',
  endpoint_request_found: 'ok',
  endpoint_request_not_found: 'warn',
  check_failed: 'fail',
} as const satisfies Record<string, Status>;

/** A code of `check` itself. */
export type OwnCode = keyof typeof STATUS_BY_CODE;

/** One thing that was looked at. */
export interface Line {
  /** Of `check` itself, or of the error of client authentication that was found. */
  code: OwnCode | ClientAuthErrorCode;
  /** The thing: a variable, an endpoint, the clock. */
  name: string;
  status: Status;
  /** In words, with the one thing to do. */
  message: string;
  /** All that the message is about: secrets of a collection with their places, scripts or requests of it. */
  findings?: (SecretFinding | ScriptFinding | RequestFinding)[];
}

/** A line with the status of its code. */
export const line = (code: OwnCode, name: string, message: string): Line => ({
  code,
  name,
  status: STATUS_BY_CODE[code],
  message,
});

/** A line for what could not be checked. */
export const notChecked = (code: OwnCode, name: string, because: string): Line =>
  line(code, name, `not checked: ${because}`);

/**
 * The line of an error.
 *
 * @param code of a CommandError; a ClientAuthError has its own
 */
export function failure(name: string, error: unknown, code: OwnCode = 'check_failed'): Line {
  if (error instanceof ClientAuthError)
    return { code: error.code, name, status: 'fail', message: toTerminalWords(error) };
  if (error instanceof CommandError) return line(code, name, error.message);
  // The message of another error may quote what it was given.
  const kind = error instanceof Error ? error.name : typeof error;
  return line('check_failed', name, `the check itself failed (${kind})`);
}

// The codes of `check`: a closed list, each with one status, and each of them produced by the facts that it stands for.

import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { describe, it } from 'node:test';
import { checkCertificate, describeCertificate } from '../../../src/cli/check/certificate.ts';
import { checkClock } from '../../../src/cli/check/clock.ts';
import { checkCollection } from '../../../src/cli/check/collection.ts';
import { checkConnection, describeConnection } from '../../../src/cli/check/connection.ts';
import { checkAliases, checkAssertions, checkEndpoints } from '../../../src/cli/check/endpoints.ts';
import { checkIssuer } from '../../../src/cli/check/issuer.ts';
import { checkJwks, describeJwks } from '../../../src/cli/check/jwks.ts';
import { failure, type Line, type OwnCode, STATUS_BY_CODE, type Status } from '../../../src/cli/check/line.ts';
import { describeAttempt, describeOtherMethod, runLiveChecks } from '../../../src/cli/check/live.ts';
import { checkVariableNames, checkVariables, describeConfig } from '../../../src/cli/check/settings.ts';
import { checkSigningKey } from '../../../src/cli/check/signing-key.ts';
import type { CertificateFacts } from '../../../src/cli/client/certificate-facts.ts';
import { CommandError } from '../../../src/cli/command.ts';
import type { Facts, Method } from '../../../src/cli/diagnosis/causes.ts';
import type { JwksFacts } from '../../../src/cli/server/jwks-facts.ts';
import type { ServerFacts } from '../../../src/cli/server/metadata.ts';
import type { ClientAuthErrorCode } from '../../../src/client-auth/errors.ts';
import type { ReadVariable } from '../../../src/client-auth/settings.ts';
import { collectionOf, eventOf, linesOf, scriptOf, scriptsOf } from '../../support/collection-texts.ts';
import { certificate, jwks, refused, server, surroundings, TOKEN_ENDPOINT } from '../../support/facts.ts';
import { createRsaKey, toJwk, toPkcs8 } from '../../support/keys.ts';
import { startRecorder } from '../../support/recorder.ts';

const { privateKey, publicKey } = createRsaKey();
const UNREACHABLE = 'https://127.0.0.1:1';
const subject = 'tls_client_auth_subject_dn';

const readerOf =
  (variables: Record<string, string>): ReadVariable =>
  name =>
    variables[name] ?? '';
const variables = { client_id: 'c', kid: 'k1', signing_key: toPkcs8(privateKey) };
const checked = (change: Record<string, string> = {}) => checkVariables(readerOf({ ...variables, ...change }));
const byCertificate = { token_endpoint_auth_method: 'tls_client_auth' };
const { settings } = checked();

const named = (key: string, other: Record<string, string> = {}) =>
  checkVariableNames({ name: 'x', values: [{ key, value: 'x' }] }, readerOf(other))[0];
const ofCertificate = (
  at: number,
  change: Partial<CertificateFacts> = {},
  method: Method = 'private_key_jwt',
  dn = '',
) => describeCertificate({ ...certificate, ...change }, method, readerOf({ [subject]: dn }))[at];
const withoutCertificate = (cert?: string) =>
  checkCertificate(
    { ca: [], ...(cert && { certificate: { cert, key: cert } }) },
    new Date(),
    'private_key_jwt',
    readerOf({}),
  ).lines;
const ofEndpoint = (change: Partial<ServerFacts>) =>
  checkEndpoints('private_key_jwt', { ...surroundings, server: { ...server, ...change } })[0];
const ofAliases = (replaced: string | undefined, configured: string | undefined) =>
  checkAliases({
    ...surroundings,
    known: { ...surroundings.known, configured: configured ? { token_endpoint: configured } : {} },
    server: { ...server, metadata: { ...server.metadata, replaced: replaced ? { token_endpoint: replaced } : {} } },
  });
const ofJwks = (change: Partial<JwksFacts>) => describeJwks({ ...jwks, ...change });
const jwksFrom = async (source: string) =>
  (await checkJwks(source, '', { ca: [] }, 'private_key_jwt', checkSigningKey(checked()))).line;
const ofCommand = (signature: string | undefined, key?: KeyObject) => {
  const sign = () => {
    if (signature === undefined) throw new CommandError('x');
    return signature;
  };
  const command = { key: { kid: undefined, randomBytes: () => '', sign }, publicKey: key };
  return checkSigningKey(checked(), command).lines[0];
};
const withoutServer = { ...surroundings, server: undefined };
const nowhere = { ...surroundings, known: { ...surroundings.known, endpoints: {} } };
const withoutTokenEndpoint = {
  ...surroundings,
  known: { ...surroundings.known, endpoints: { revocation_endpoint: TOKEN_ENDPOINT } },
};
const unreachable = {
  ...surroundings,
  known: { ...surroundings.known, endpoints: { token_endpoint: `${UNREACHABLE}/token` } },
};
const answer = { status: 404, text: '', clockDifference: 0, sentAt: 0, protocol: 'TLSv1.3' };
const attempt = (change: Partial<Facts>, isAuthenticated = false) => ({
  facts: { ...refused, ...change },
  isAuthenticated,
});
const ofAttempt = (change: Partial<Facts>, isAuthenticated = false) =>
  describeAttempt(attempt(change, isAuthenticated), [attempt(change, isAuthenticated)]);

const scripts = scriptsOf('1.2.3');
const script = scripts.preRequest;
const own = { listen: 'prerequest', script: { type: 'text/javascript', exec: linesOf(script) } };
const ownTest = eventOf('test', linesOf(scripts.postResponse));
const ofCollection = (at: number, more: object = {}) =>
  checkCollection(
    { text: JSON.stringify(collectionOf(more)), dropsChanges: true },
    [{ name: '', root: collectionOf(more) }],
    scripts,
    { token_endpoint: TOKEN_ENDPOINT },
    readerOf({}),
  )[at];
const allowing = (name: string) => {
  const root = collectionOf({ variable: [{ key: 'signing_key', value: toPkcs8(privateKey) }] });
  const source = { text: JSON.stringify(root), dropsChanges: true };
  return checkCollection(source, [{ name: '', root }], scripts, {}, () => '', { allow: [name] });
};
const ofScript = (...event: unknown[]) => ofCollection(0, { event: [...event, ownTest] });
const posted = { name: 'x', request: { method: 'POST', url: TOKEN_ENDPOINT } };

type Case = [status: Status, make: () => Line | undefined | Promise<Line | undefined>];

/** All codes with their status, and the facts that give the line. */
const CASES: Record<OwnCode, Case> = {
  config_used: ['ok', () => describeConfig('paynet-client-auth.json')],
  variables_valid: ['ok', () => checked().lines[0]],
  variable_name_whitespace: ['fail', () => named('kid ')],
  variable_name_whitespace_unused: ['warn', () => named('kid ', { kid: 'k1' })],
  variable_switched_off: [
    'warn',
    () =>
      checkVariableNames(
        { name: 'x', values: [{ key: 'kid', value: 'k1', enabled: false }] },
        readerOf({ kid: 'k1' }),
      )[0],
  ],
  signing_key_valid: ['ok', () => checkSigningKey(checked()).lines[0]],
  signing_agent_set: [
    'ok',
    () => checkSigningKey(checked({ signing_key: '', signing_agent: `http://127.0.0.1:1/${'x'.repeat(43)}` })).lines[0],
  ],
  sign_command_valid: ['ok', () => ofCommand('signature', publicKey)],
  sign_command_not_verified: ['warn', () => ofCommand('signature')],
  sign_command_failed: ['fail', () => ofCommand(undefined)],
  kid_set: ['ok', () => checkSigningKey(checked()).lines[1]],
  kid_not_of_jwk: [
    'warn',
    () => {
      const jwk = JSON.stringify({ ...toJwk(privateKey), kid: 'other' });
      return checkSigningKey(checked({ signing_key: jwk })).lines[1];
    },
  ],
  certificate_usable: ['ok', () => ofCertificate(0)],
  certificate_missing: ['fail', () => withoutCertificate()[0]],
  certificate_unreadable: ['fail', () => withoutCertificate('x')[0]],
  certificate_key_unusable: ['fail', () => ofCertificate(0, { keyFault: 'x' })],
  certificate_not_checked: ['skip', () => withoutCertificate()[3]],
  certificate_valid: ['ok', () => ofCertificate(1)],
  certificate_ends_soon: ['warn', () => ofCertificate(1, { endsSoon: true })],
  certificate_expired: ['fail', () => ofCertificate(1, { validity: 'expired', endsSoon: true })],
  certificate_not_yet_valid: ['fail', () => ofCertificate(1, { validity: 'not yet valid' })],
  certificate_for_clients: ['ok', () => ofCertificate(2)],
  certificate_not_for_clients: ['fail', () => ofCertificate(2, { isForClients: false })],
  certificate_subject_read: ['ok', () => ofCertificate(3)],
  certificate_subject_registered: ['ok', () => ofCertificate(3, {}, 'tls_client_auth', certificate.subject)],
  certificate_subject_differs: ['fail', () => ofCertificate(3, {}, 'tls_client_auth', 'CN=other')],
  certificate_subject_differs_unused: ['warn', () => ofCertificate(3, {}, 'private_key_jwt', 'CN=other')],
  certificate_chain_complete: ['ok', () => ofCertificate(4)],
  certificate_chain_incomplete: ['warn', () => ofCertificate(4, { isChainComplete: false })],
  certificate_chain_broken: ['fail', () => ofCertificate(4, { chainFault: 'x' })],
  issuer_valid: [
    'ok',
    async () => {
      const recorder = await startRecorder();
      const body = JSON.stringify({ issuer: recorder.origin });
      recorder.answers.set('/.well-known/openid-configuration', { body });
      const found = await checkIssuer(recorder.origin, { ca: [] }, surroundings);
      await recorder.close();
      return found.line;
    },
  ],
  issuer_unreachable: ['fail', async () => (await checkIssuer(UNREACHABLE, { ca: [] }, surroundings)).line],
  issuer_not_checked: [
    'skip',
    async () => {
      const known = { ...surroundings.known, configured: { token_endpoint: TOKEN_ENDPOINT } };
      return (await checkIssuer('', { ca: [] }, { ...surroundings, known })).line;
    },
  ],
  endpoint_supported: ['ok', () => ofEndpoint({})],
  endpoint_methods_unknown: ['warn', () => ofEndpoint({ methods: {} })],
  endpoint_algorithms_unknown: ['warn', () => ofEndpoint({ algorithms: {} })],
  endpoint_method_unsupported: ['fail', () => ofEndpoint({ methods: { token_endpoint: ['tls_client_auth'] } })],
  endpoint_algorithm_unsupported: ['fail', () => ofEndpoint({ algorithms: { token_endpoint: ['RS256'] } })],
  endpoint_not_checked: ['skip', () => checkEndpoints('private_key_jwt', withoutServer)[0]],
  aliases_used: ['ok', () => ofAliases('https://plain.example.my/token', undefined)],
  aliases_none: ['ok', () => ofAliases(undefined, undefined)],
  aliases_bypassed: ['fail', () => ofAliases(TOKEN_ENDPOINT, TOKEN_ENDPOINT)],
  aliases_not_checked: ['skip', () => checkAliases(withoutServer)],
  assertion_made: ['ok', () => checkAssertions(settings, surroundings, '')],
  assertion_not_checked: ['skip', () => checkAssertions(settings, nowhere, '')],
  jwks_key_registered: ['ok', () => ofJwks({})],
  jwks_unreadable: ['fail', () => jwksFrom('package.json')],
  jwks_private_key: ['fail', () => ofJwks({ exposed: ['k1'] })],
  jwks_kid_missing: ['fail', () => ofJwks({ count: 0, isSame: false })],
  jwks_kid_duplicate: ['fail', () => ofJwks({ count: 2 })],
  jwks_other_key: ['fail', () => ofJwks({ isSame: false })],
  jwks_key_other_use: ['fail', () => ofJwks({ otherUse: '"use" "enc"' })],
  jwks_not_checked: ['skip', () => jwksFrom('')],
  connection_established: ['ok', () => describeConnection({ ca: [] }, answer)],
  connection_failed: ['fail', async () => (await checkConnection({ ca: [] }, unreachable)).line],
  connection_not_checked: ['skip', async () => (await checkConnection({ ca: [] }, nowhere)).line],
  clock_agrees: ['ok', () => checkClock(settings, 5)],
  clock_differs: ['fail', () => checkClock(settings, -31)],
  clock_differs_slightly: ['warn', () => checkClock(settings, 6)],
  clock_of_machine_differs: ['warn', () => checkClock(checked(byCertificate).settings, 60)],
  clock_not_checked: ['skip', () => checkClock(settings, undefined)],
  live_accepted: ['ok', () => ofAttempt({ status: 200 }, true)],
  live_authenticated: ['warn', () => ofAttempt({ status: 400, error: 'invalid_scope' }, true)],
  live_refused: ['fail', () => ofAttempt({})],
  live_unreachable: ['fail', () => ofAttempt({ status: undefined, connectionCode: 'ECONNRESET' })],
  live_unexpected_answer: ['fail', () => ofAttempt({ status: 500 })],
  live_other_method_refused: ['info', () => describeOtherMethod(attempt({}))],
  live_other_method_unknown: ['skip', () => describeOtherMethod(attempt({ status: 500 }))],
  live_not_tried: [
    'skip',
    async () => {
      const preflight = {
        lines: [],
        settings: undefined,
        tls: { ca: [] },
        signCommand: undefined,
        surroundings,
        isUnreachable: false,
      };
      return (await runLiveChecks(preflight, readerOf({})))[0];
    },
  ],
  script_injected: ['ok', () => ofScript(own)],
  script_missing: ['fail', () => ofScript()],
  script_duplicate: ['fail', () => ofScript(own, own)],
  script_changed: ['fail', () => ofScript(eventOf('prerequest', linesOf(script.replace('\n', '\nx\n'))))],
  script_other_build: ['fail', () => ofScript(eventOf('prerequest', linesOf(scriptOf('1.2.3', 'x()'))))],
  script_other_version: ['fail', () => ofScript(eventOf('prerequest', linesOf(scriptOf('1.2.2'))))],
  script_disabled: ['fail', () => ofScript({ ...own, disabled: true })],
  script_not_run: ['fail', () => ofScript({ ...own, script: { ...own.script, src: 'x.js' } })],
  script_not_first: ['fail', () => ofScript(eventOf('prerequest', ['x']), own)],
  script_not_last: [
    'fail',
    () => ofCollection(0, { event: [ownTest], item: [{ ...posted, event: [own, eventOf('prerequest', ['x'])] }] }),
  ],
  secret_not_found: ['ok', () => ofCollection(1)],
  secret_allowed: ['info', () => allowing('signing_key')[2]],
  secret_allowed_not_found: ['warn', () => allowing('other')[2]],
  secret_found: ['fail', () => ofCollection(1, { variable: [{ key: 'signing_key', value: toPkcs8(privateKey) }] })],
  server_variable_not_found: ['ok', () => ofCollection(2)],
  server_variable_found: ['warn', () => ofCollection(2, { variable: [{ key: 'issuer', value: UNREACHABLE }] })],
  request_refused: [
    'warn',
    () => ofCollection(4, { item: [{ ...posted, request: { ...posted.request, auth: { type: 'basic' } } }] }),
  ],
  request_replaced: [
    'ok',
    () =>
      ofCollection(4, {
        variable: [{ key: 'existing_client_authentication', value: 'replace' }],
        item: [{ ...posted, request: { ...posted.request, auth: { type: 'basic' } } }],
      }),
  ],
  script_sends: ['warn', () => ofCollection(4, { event: [eventOf('test', ['pm.sendRequest(token_endpoint)'])] })],
  script_changes_authentication: [
    'warn',
    () => ofCollection(4, { item: [{ ...posted, event: [eventOf('prerequest', ["pm.request.method = 'PUT'"])] }] }),
  ],
  script_drops_authentication: [
    'warn',
    () => ofCollection(4, { item: [{ ...posted, event: [eventOf('prerequest', ["pm.variables.set('a', 'b')"])] }] }),
  ],
  script_sets_variable: [
    'warn',
    () => {
      const event = [eventOf('prerequest', ["pm.variables.set('base', 'x')"])];
      return ofCollection(5, { item: [{ event, request: { ...posted.request, url: '{{base}}/token' } }] });
    },
  ],
  endpoint_request_found: ['ok', () => ofCollection(3, { item: [posted] })],
  endpoint_request_not_found: ['warn', () => ofCollection(3, { item: [] })],
  check_failed: ['fail', () => failure('x', new TypeError('not to be shown'))],
};

describe('a line of `check`', () => {
  it('has a code of a closed list', () => {
    assert.deepEqual(Object.keys(STATUS_BY_CODE).sort(), Object.keys(CASES).sort());
  });

  for (const [code, [status, make]] of Object.entries(CASES)) {
    it(`with the code ${code} has the status ${status}`, async () => {
      const line = await make();
      assert.deepEqual([line?.code, line?.status], [code, status]);
      assert.match(line?.message ?? '', /\S/);
    });
  }

  it('has the code of the error where there is one of client authentication', async () => {
    const lines: [Line | undefined, code: ClientAuthErrorCode, name: string][] = [
      [checked({ client_id: '' }).lines[0], 'variable_missing', 'client_id'],
      [checked({ kid: '{{other}}' }).lines[0], 'variable_unresolved', 'kid'],
      [checked({ clock_offset: 'x' }).lines[0], 'variable_invalid', 'clock_offset'],
      [checkSigningKey(checked({ signing_key: 'x' })).lines[0], 'signing_key_unreadable', 'signing_key'],
      [checkSigningKey(checked({ kid: '' })).lines[1], 'variable_missing', 'kid'],
      [ofCertificate(3, {}, 'private_key_jwt', 'x'), 'variable_invalid', 'certificate subject'],
      [(await checkIssuer('', { ca: [] }, surroundings)).line, 'variable_missing', 'issuer'],
      [(await checkIssuer('http://as.example.my', { ca: [] }, surroundings)).line, 'variable_invalid', 'issuer'],
      [checkAssertions(settings, withoutTokenEndpoint, ''), 'variable_missing', 'client assertion'],
    ];
    for (const [line, code, name] of lines) {
      assert.deepEqual([line?.code, line?.name, line?.status], [code, name, 'fail'], line?.message);
    }
  });

  it('has no word of an error of another kind', () => {
    assert.equal(failure('x', new TypeError('not to be shown')).message, 'the check itself failed (TypeError)');
  });

  it('is missing for the kid where the variable is already reported', () => {
    assert.deepEqual(
      checkSigningKey(checked({ kid: '{{other}}' })).lines.map(({ name }) => name),
      ['signing_key'],
    );
  });
});

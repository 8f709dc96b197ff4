// The settings of a client looked at before anything is sent with them: one line for each thing that can be right or wrong.
// On the machine.

import { ENDPOINT_NAMES, type EndpointName, isSameOrigin } from '../../client-auth/authorization-server.ts';
import { ClientAuthError, shapeOf } from '../../client-auth/errors.ts';
import { checkServerUrl } from '../../client-auth/server-url.ts';
import { type ReadVariable, readSettings, type Settings } from '../../client-auth/settings.ts';
import { importSigningKey, type SigningKey } from '../../client-auth/signing-key.ts';
import { authenticate } from '../client/authenticate.ts';
import { type CertificateFacts, compareNames, describeValidity, readCertificate } from '../client/certificate-facts.ts';
import type { Client } from '../client/client-options.ts';
import { CommandError } from '../command.ts';
import { type ReadingFault, toPlain } from '../diagnosis/causes.ts';
import { clockRemedy, describeClock } from '../diagnosis/clock-causes.ts';
import {
  type Surroundings,
  toClockOffset,
  toFacts,
  toReadingFault,
  toRegisteredSubject,
} from '../diagnosis/collect-facts.ts';
import { diagnose } from '../diagnosis/diagnosis.ts';
import { describeCause } from '../diagnosis/explanation.ts';
import { compareWithJwks, isPublicHalf, type JwksFacts } from '../server/jwks-facts.ts';
import {
  type Answer,
  fetchServerFacts,
  type Jwk,
  readJwks,
  readTls,
  type ServerFacts,
  send,
  type Tls,
  toConnectionCode,
  toKnownServer,
} from '../server/server-facts.ts';

/** `skip`: could not be checked, or there was nothing to check it by. */
export type Status = 'ok' | 'warn' | 'fail' | 'skip';

export interface Line {
  name: string;
  status: Status;
  message: string;
}

/** What the lines were written from, for what comes after them. */
export interface Preflight {
  lines: Line[];
  /** The settings; undefined when a variable is missing or invalid. */
  settings: Settings | undefined;
  tls: Tls;
  surroundings: Surroundings;
}

const line = (name: string, status: Status, message: string): Line => ({ name, status, message });
const skipped = (name: string, because: string): Line => line(name, 'skip', `not checked: ${because}`);

/** Seconds of difference between the clocks, `clock_offset` taken off. */
const CLOCK_WARN = 5;
const CLOCK_FAIL = 30;

/**
 * Looks at everything that does not need a request of the client itself.
 *
 * @param jwks file or URL of the client's JWKS; the variable `jwks_uri` if undefined
 * @param now by this machine's clock
 * @throws CommandError when a file of the transport can't be read
 */
export async function runPreflight(
  { environment, read, transport }: Client,
  jwks: string | undefined,
  now: Date,
): Promise<Preflight> {
  const lines: Line[] = [];
  const variables = checkVariables(read);
  lines.push(...variables.lines, ...checkNames(environment, read));
  const { settings, isComplete } = variables;

  const signing = checkSigningKey(settings);
  // Of a kid that is no valid value there is a line already.
  lines.push(...signing.lines.filter(one => !lines.some(({ name }) => name === one.name)));

  const files = await readTls(transport);
  const certificate = checkCertificate(files, transport.ca !== undefined, now, settings, read);
  lines.push(...certificate.lines);
  const { facts } = certificate;
  const isUsable = typeof facts === 'object' && facts.keyFault === undefined;
  // Node refuses a certificate with the wrong key before it connects, which would hide what can still be checked.
  const tls: Tls = isUsable ? files : { ca: files.ca };

  const surroundings: Surroundings = {
    known: toKnownServer(read, undefined),
    server: undefined,
    serverFault: undefined,
    certificate: facts,
    registeredSubject: toRegisteredSubject(read),
    clockOffset: toClockOffset(read),
    jwks: undefined,
    jwksFault: undefined,
  };
  const discovery = await checkDiscovery(read('issuer'), tls, surroundings);
  surroundings.server = discovery.server;
  surroundings.serverFault = discovery.fault;
  surroundings.known = toKnownServer(read, discovery.server);
  lines.push(discovery.line, ...checkEndpoints(settings.method, surroundings), checkAliases(surroundings));

  if (settings.method === 'private_key_jwt') {
    lines.push(checkAssertions(settings, surroundings, signing.key, isComplete));
  }
  const set = await checkJwks(jwks, read('jwks_uri'), tls, settings, signing);
  surroundings.jwks = set.jwks;
  lines.push(set.line);

  const connection = await checkConnection(tls, surroundings);
  lines.push(
    connection.line,
    checkClock(settings, connection.answer?.clockDifference ?? discovery.server?.clockDifference),
  );
  return { lines, settings: isComplete ? settings : undefined, tls, surroundings };
}

/** One line for each variable that is wrong, or one for all of them. */
function checkVariables(read: ReadVariable): { lines: Line[]; settings: Settings; isComplete: boolean } {
  const lines: Line[] = [];
  const replaced = new Map<string, string>();
  for (;;) {
    try {
      const settings = readSettings(name => replaced.get(name) ?? read(name));
      if (lines.length > 0) return { lines, settings, isComplete: false };
      return { lines: [line('variables', 'ok', describeSettings(settings))], settings, isComplete: true };
    } catch (error) {
      const name = error instanceof ClientAuthError ? error.variable : undefined;
      if (name === undefined || replaced.has(name)) throw error;
      lines.push(line(name, 'fail', messageOf(error)));
      // So that the others are read too, this one gets a value that passes.
      replaced.set(name, name === 'client_id' ? 'none' : '');
    }
  }
}

/** Every variable that can be set. */
const VARIABLE_NAMES = [
  ...ENDPOINT_NAMES,
  'issuer',
  'client_id',
  'kid',
  'signing_key',
  'token_endpoint_auth_method',
  'client_assertion_audience',
  'client_assertion_lifetime',
  'clock_offset',
  'jwks_uri',
  'tls_client_auth_subject_dn',
];

/** One line for each variable whose name has blanks around it, which nobody sees in Postman, and which nothing finds. */
function checkNames({ values }: Client['environment'], read: ReadVariable): Line[] {
  const lines: Line[] = [];
  for (const { key, enabled } of values) {
    // What the file holds need not be an environment's.
    const name = String(key).trim();
    if (enabled === false || name === key || !VARIABLE_NAMES.includes(name)) continue;
    // Where the right name is there too, only that one counts.
    const status = read(name) === '' ? 'fail' : 'warn';
    const message = `"${name}" must be the name of the variable, got ${JSON.stringify(key)} with blanks. Write it without.`;
    lines.push(line('variable name', status, message));
  }
  return lines;
}

function describeSettings(settings: Settings): string {
  const who = `client_id ${toPlain(settings.clientId)}, ${settings.method}`;
  if (settings.method === 'tls_client_auth') return who;
  const { audience, lifetime, clockOffset } = settings;
  const aud = audience.from === 'url' ? audience.url : audience.from;
  return `${who}, audience ${aud}, lifetime ${lifetime} s, clock_offset ${clockOffset} s`;
}

interface Signing {
  lines: Line[];
  key: SigningKey | undefined;
  kid: string;
}

function checkSigningKey(settings: Settings): Signing {
  if (settings.method === 'tls_client_auth') return { lines: [], key: undefined, kid: '' };
  let key: SigningKey | undefined;
  let keyLine: Line;
  try {
    key = importSigningKey(settings.signingKey);
    keyLine = line('signing_key', 'ok', `RSA private key of ${key.key.bits} bits`);
  } catch (error) {
    keyLine = line('signing_key', 'fail', messageOf(error));
  }
  const kid = settings.kid || key?.kid || '';
  const missing = '"kid" must be the key ID in the registered JWKS, got nothing. Set it in the environment.';
  const kidLine = kid === '' ? line('kid', 'fail', missing) : line('kid', 'ok', toPlain(kid));
  if (key?.kid && key.kid !== kid) {
    kidLine.status = 'warn';
    kidLine.message = `"kid" must be the one of the JWK in "signing_key" if it has one, got another. Unset it, or check which is registered.`;
  }
  return { lines: [keyLine, kidLine], key, kid };
}

const CERTIFICATE_LINES = [
  'certificate validity',
  'certificate purpose',
  'certificate subject',
  'certificate chain',
] as const;

function checkCertificate(
  tls: Tls,
  hasAuthorities: boolean,
  now: Date,
  settings: Settings,
  read: ReadVariable,
): { lines: Line[]; facts: Surroundings['certificate'] } {
  const name = 'transport certificate';
  const { cert, key } = tls;
  const without = (facts: Surroundings['certificate'], message: string) => ({
    facts,
    lines: [line(name, 'fail', message), ...CERTIFICATE_LINES.map(one => skipped(one, `there is no ${name} to read`))],
  });
  if (!cert || !key) {
    const expected = '"--ssl-client-cert" must be a certificate, as mutual TLS is required on every call, got nothing.';
    return without('none', `${expected} Give it with --ssl-client-key.`);
  }
  let facts: CertificateFacts;
  try {
    facts = readCertificate({ ...tls, cert, key, ca: hasAuthorities ? tls.ca.slice(-1) : [] }, now);
  } catch (error) {
    return without('unreadable', messageOf(error));
  }
  const pair = facts.keyFault
    ? line(name, 'fail', facts.keyFault)
    : line(name, 'ok', `belongs to its key (${facts.key}), issued by ${facts.issuer}`);
  return {
    facts,
    lines: [pair, checkValidity(facts), checkPurpose(facts), checkSubject(facts, settings, read), checkChain(facts)],
  };
}

function checkValidity(facts: CertificateFacts): Line {
  const status = facts.validity !== 'valid' ? 'fail' : facts.endsSoon ? 'warn' : 'ok';
  const remedies = { fail: '. Use one that is valid today.', warn: '. Have the next one issued.', ok: '' };
  return line('certificate validity', status, describeValidity(facts) + remedies[status]);
}

function checkPurpose({ isForClients }: CertificateFacts): Line {
  const name = 'certificate purpose';
  if (isForClients) return line(name, 'ok', 'may authenticate a client');
  return line(
    name,
    'fail',
    'its extended key usage lacks clientAuth. Use the certificate that was issued to the client.',
  );
}

function checkSubject({ subject }: CertificateFacts, { method }: Settings, read: ReadVariable): Line {
  const name = 'certificate subject';
  const variable = 'tls_client_auth_subject_dn';
  const registered = toRegisteredSubject(read);
  if (registered === undefined) {
    if (read(variable) !== '') {
      const got = `got ${shapeOf(read(variable))}. Copy it from the registration.`;
      return line(name, 'fail', `"${variable}" must be a distinguished name as RFC 4514 writes it, ${got}`);
    }
    const compare = method === 'tls_client_auth' ? ` (compare it with the one registered, or set ${variable})` : '';
    return line(name, 'ok', subject + compare);
  }
  const match = compareNames(subject, registered);
  if (match === 'same') return line(name, 'ok', `${subject}, as registered`);
  const got = `got ${toPlain(registered)}${match === 'other order' ? ', its parts in another order' : ''}`;
  const remedy = 'Use the certificate whose subject is registered.';
  const status = method === 'tls_client_auth' ? 'fail' : 'warn';
  return line(name, status, `"${variable}" must be the subject of the certificate, ${subject}, ${got}. ${remedy}`);
}

function checkChain({ chainLength, chainFault, isChainComplete, chainEnd }: CertificateFacts): Line {
  const name = 'certificate chain';
  const files = chainLength === 1 ? '1 certificate in the file' : `${chainLength} certificates in the file`;
  if (chainFault) return line(name, 'fail', `${chainFault}. Put each one behind the one that it issued.`);
  if (isChainComplete) return line(name, 'ok', `${files}, complete up to a root`);
  const end = `${files}, the last one issued by ${chainEnd}`;
  return line(name, 'warn', `${end}. If that is not a root, put its certificate at the end of the file.`);
}

async function checkDiscovery(
  issuer: string,
  tls: Tls,
  surroundings: Surroundings,
): Promise<{ line: Line; server?: ServerFacts; fault?: ReadingFault }> {
  const name = 'issuer';
  if (issuer === '') {
    const isConfigured = Object.keys(surroundings.known.configured).length > 0;
    if (isConfigured) return { line: skipped(name, 'it is not set, the endpoints are') };
    const message = '"issuer" must be the issuer of the authorization server, got nothing. Set it in the environment.';
    return { line: line(name, 'fail', message) };
  }
  try {
    const server = await fetchServerFacts(issuer, tls);
    return { line: line(name, 'ok', `equal to the one in ${server.url}`), server };
  } catch (error) {
    const message =
      error instanceof ClientAuthError
        ? error.message
        : explainConnection('token_endpoint', issuer, error, surroundings);
    return { line: line(name, 'fail', message), fault: toReadingFault(error) };
  }
}

function explainConnection(endpoint: EndpointName, url: string, error: unknown, surroundings: Surroundings): string {
  const connectionCode = toConnectionCode(error);
  const [cause] = diagnose(toFacts(surroundings, { endpoint, url, form: '', connectionCode }));
  return `${url} can not be reached (${connectionCode}). ${cause ? describeCause(cause) : ''}`;
}

/** Whether each endpoint takes the method and the algorithm. */
function checkEndpoints(method: Settings['method'], { known, server }: Surroundings): Line[] {
  const names = ENDPOINT_NAMES.filter(name => known.endpoints[name]);
  if (names.length === 0) return [skipped('endpoints', 'none is known')];
  return names.map(name => {
    const url = known.endpoints[name] as string;
    const fault = faultOfEndpoint(name, url);
    if (fault) return line(name, 'fail', fault);
    if (!server) return skipped(name, `what ${url} takes is told by the metadata, which was not read`);
    const [methods, algorithms] = [server.methods[name], server.algorithms[name]];
    const list = (values: string[]) => toPlain(values.join(', '));
    if (!methods) return line(name, 'warn', `${url}; the metadata does not say which methods it takes`);
    if (!methods.includes(method)) {
      const message = `"token_endpoint_auth_method" must be one that it takes (${list(methods)}), got ${method}. Set another.`;
      return line(name, 'fail', message);
    }
    if (method === 'tls_client_auth') return line(name, 'ok', `${url} takes ${method}`);
    if (!algorithms) return line(name, 'warn', `${url} takes ${method}; the metadata does not say which algorithms`);
    if (algorithms.includes('PS256')) return line(name, 'ok', `${url} takes ${method} with PS256`);
    return line(name, 'fail', `it takes ${list(algorithms)}, not PS256. Ask who runs the server for PS256.`);
  });
}

/** Why nothing may be sent to an endpoint. */
function faultOfEndpoint(name: EndpointName, url: string): string | undefined {
  try {
    checkServerUrl(name, url, 'variable_invalid');
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function checkAliases({ known, server }: Surroundings): Line {
  const name = 'mtls_endpoint_aliases';
  if (!server) return skipped(name, 'the metadata was not read');
  const { metadata } = server;
  const bypassed = ENDPOINT_NAMES.filter(
    one => known.configured[one] && known.configured[one] === metadata.replaced[one],
  );
  if (bypassed.length > 0) {
    const message = `"${bypassed.join('", "')}" must be the alias for mutual TLS, got the endpoint beside it. Unset it.`;
    return line(name, 'fail', message);
  }
  const used = Object.keys(metadata.replaced);
  return line(name, 'ok', used.length > 0 ? `used for ${used.join(', ')}` : 'none in the metadata, none needed');
}

/** Makes an assertion for every endpoint, by the code that makes the real ones. */
function checkAssertions(
  settings: Settings,
  { known }: Surroundings,
  key: SigningKey | undefined,
  isComplete: boolean,
): Line {
  const name = 'client assertion';
  const names = ENDPOINT_NAMES.filter(one => known.endpoints[one]);
  if (!key || !isComplete) return skipped(name, 'a variable above is not right');
  if (names.length === 0) return skipped(name, 'no endpoint is known');
  try {
    const audiences = names.map(endpoint => authenticate(settings, known, endpoint).assertion?.claims.aud);
    return line(
      name,
      'ok',
      `can be made and verified for ${names.length} endpoints, aud ${[...new Set(audiences)].join(', ')}`,
    );
  } catch (error) {
    return line(name, 'fail', messageOf(error));
  }
}

async function checkJwks(
  named: string | undefined,
  variable: string,
  tls: Tls,
  settings: Settings,
  { key, kid }: Signing,
): Promise<{ line: Line; jwks: Surroundings['jwks'] }> {
  const name = 'jwks';
  if (settings.method !== 'private_key_jwt') {
    return { line: skipped(name, `${settings.method} needs none`), jwks: undefined };
  }
  const source = named ?? variable;
  if (source === '') return { line: skipped(name, 'give --jwks, or set jwks_uri'), jwks: undefined };
  let keys: Jwk[];
  try {
    if (named === undefined) checkServerUrl('jwks_uri', source, 'variable_invalid', 'Name the URL that is registered.');
    keys = await readJwks(source, tls);
  } catch (error) {
    return { line: line(name, 'fail', messageOf(error)), jwks: undefined };
  }
  const jwks = { source, keys };
  if (!key || kid === '') return { line: skipped(name, 'signing_key or kid is not right'), jwks };
  return { line: describeJwks(compareWithJwks(source, keys, kid, one => isPublicHalf(one, key.key))), jwks };
}

function describeJwks(facts: JwksFacts): Line {
  const { kid, count, isSame, sameUnder, kids, otherUse, exposed, source } = facts;
  const fail = (message: string) => line('jwks', 'fail', message);
  const elsewhere = sameUnder[0]
    ? ` The public half of signing_key stands under ${toPlain(sameUnder[0])}: set kid to that.`
    : '';
  if (exposed.length > 0) {
    return fail(
      `${source} has the private members of ${toPlain(exposed.join(', ')) || 'a key'}. Replace that key at once.`,
    );
  }
  if (count === 0) {
    const list = kids.length > 0 ? toPlain(kids.join(', ')) : 'no key IDs';
    const remedy = elsewhere || ' Register the public half of signing_key under it.';
    return fail(`"kid" must be in ${source}, which has ${list}; got ${toPlain(kid)}.${remedy}`);
  }
  if (!isSame) {
    const remedy = elsewhere || ' Use the signing key that belongs to it.';
    return fail(`"signing_key" must be the key under the kid ${toPlain(kid)} of ${source}, got another key.${remedy}`);
  }
  if (count > 1)
    return fail(`${count} keys of ${source} have the kid ${toPlain(kid)}. Give every key a kid of its own.`);
  if (otherUse)
    return fail(`the key of this kid in ${source} has ${toPlain(otherUse)}. Register it for PS256 signatures.`);
  return line('jwks', 'ok', `the public half of signing_key stands under this kid in ${source}, and no other key`);
}

/** Connects to every host of the endpoints; the answer is that of the token endpoint's host. */
async function checkConnection(
  tls: Tls,
  surroundings: Surroundings,
): Promise<{ line: Line; answer: Answer | undefined }> {
  const name = 'connection';
  const { endpoints } = surroundings.known;
  const first = ENDPOINT_NAMES.flatMap(endpoint => {
    const url = endpoints[endpoint];
    return url && !faultOfEndpoint(endpoint, url) ? [{ endpoint, url }] : [];
  });
  const hosts = first.filter(({ url }, index) => first.findIndex(other => isSameOrigin(other.url, url)) === index);
  if (hosts.length === 0) return { line: skipped(name, 'no endpoint is known, or it is not right'), answer: undefined };
  let answer: Answer | undefined;
  for (const { endpoint, url } of hosts) {
    try {
      const reached = await send(url, tls);
      answer ??= reached;
    } catch (error) {
      return { line: line(name, 'fail', explainConnection(endpoint, url, error, surroundings)), answer };
    }
  }
  const how = tls.cert ? 'with the transport certificate' : 'without a transport certificate';
  const protocol = answer?.protocol ? `${answer.protocol}, server certificate verified, ` : '';
  return { line: line(name, 'ok', `${protocol}${how}`), answer };
}

function checkClock(settings: Settings, difference: number | undefined): Line {
  const name = 'clock';
  if (difference === undefined) return skipped(name, 'no answer of the server had a date');
  const offset = settings.method === 'private_key_jwt' ? settings.clockOffset : 0;
  const off = Math.abs(difference - offset);
  const words = describeClock(difference, offset);
  if (off <= CLOCK_WARN) return line(name, 'ok', words);
  // Without an assertion nothing depends on the clock but the validity of certificates.
  if (settings.method === 'tls_client_auth') return line(name, 'warn', `${words}. Set the clock of this machine.`);
  const remedy = clockRemedy(difference);
  return line(name, off > CLOCK_FAIL ? 'fail' : 'warn', `${words}: ${remedy}`);
}

const messageOf = (error: unknown): string => {
  if (error instanceof ClientAuthError || error instanceof CommandError) return error.message;
  // The message of a foreign error may quote what it was given.
  return `the check itself failed (${error instanceof Error ? error.name : typeof error})`;
};

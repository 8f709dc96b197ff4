// What `init` has to know of a client: each answer with the option that gives it, the question that asks for it, and what it must
// be. On the machine.

import { metadataUrls } from '../../client-auth/authorization-server.ts';
import { mustBe, shapeOf } from '../../client-auth/errors.ts';
import { checkServerUrl } from '../../client-auth/server-url.ts';
import { checkKid, EXPECTED_KID, readSettings } from '../../client-auth/settings.ts';
import { importSigningKey } from '../../client-auth/signing-key.ts';
import { type Needed, refuseBinary } from '../client/binary-file.ts';
import { findNoKey, parseTransportCertificates } from '../client/certificate-facts.ts';
import { isPkcs12 } from '../client/pkcs12.ts';
import { toPublicJwk } from '../client/public-jwks.ts';
import { isEncrypted, toKeyText } from '../client/signing-key-file.ts';
import { CommandError } from '../command.ts';
import { readBytes } from '../files.ts';

/** The answers, by the names of their options. Keys and certificates are paths. */
export interface Answers {
  method: string;
  clientId: string;
  issuer: string;
  /** Base URL of the API; empty or undefined for that of the collection, as is the redirect URI. */
  resourceServerUrl?: string;
  redirectUri?: string;
  signingKey?: string;
  kid?: string;
  sslClientCert: string;
  /** Not with PKCS #12, which holds it. */
  sslClientKey?: string;
  sslExtraCaCerts?: string;
}

/** One of the answers. */
export interface Question {
  name: keyof Answers;
  /** The option that gives the answer, on the command line. */
  option: string;
  message: string;
  isFile?: true;
  /** Whether it may stay empty; asked at a terminal all the same. */
  isOptional?: true;
  /** The only answers there are, with what each means. */
  choices?: { value: string; hint: string }[];
  /** Whether the answer is needed, by those before it. */
  isNeeded(answers: Partial<Answers>): boolean | Promise<boolean>;
  /** @throws CommandError or ClientAuthError that says what the answer must be */
  check(answer: string): void | Promise<void>;
  /** The answer where those before it have it; then nobody is asked. */
  infer?(answers: Partial<Answers>): Promise<string | undefined>;
  /** The answer to begin with. */
  suggest?(answers: Partial<Answers>): Promise<string | undefined>;
}

const SANDBOX = 'https://auth1.sandbox.mya.ozoneapi.io';

const always = (): boolean => true;
const needsSigningKey = ({ method }: Partial<Answers>): boolean => method !== 'tls_client_auth';

const isPkcs12File = async (file: string): Promise<boolean> => isPkcs12(await readBytes(file));

/** The text of a file in PEM. */
async function readPem(option: string, file: string, needed: Needed): Promise<string> {
  const bytes = await readBytes(file);
  refuseBinary(option, file, bytes, needed);
  return bytes.toString();
}

/** All questions, in their order. */
export const QUESTIONS: readonly Question[] = [
  {
    name: 'method',
    option: '--method',
    message: 'How does the client authenticate?',
    choices: [
      { value: 'private_key_jwt', hint: 'by a JWT that its signing key signs' },
      { value: 'tls_client_auth', hint: 'by its transport certificate alone' },
    ],
    isNeeded: always,
    check: method => checkVariables({ client_id: 'none', token_endpoint_auth_method: method }),
  },
  {
    name: 'clientId',
    option: '--client-id',
    message: 'client_id, as it is registered',
    isNeeded: always,
    check: clientId => {
      if (clientId === '') {
        const expected = 'the client identifier that was registered';
        throw mustBe('variable_missing', 'client_id', expected, 'nothing', 'Give the one that PayNet gave you.');
      }
      checkVariables({ client_id: clientId, token_endpoint_auth_method: 'tls_client_auth' });
    },
  },
  {
    name: 'issuer',
    option: '--issuer',
    message: 'Issuer of the authorization server',
    isNeeded: always,
    check: issuer => {
      metadataUrls(issuer);
    },
    suggest: async () => SANDBOX,
  },
  {
    name: 'resourceServerUrl',
    option: '--resource-server-url',
    message: 'Base URL of the API; empty for that of the collection',
    isOptional: true,
    // That of the collection is the sandbox's.
    isNeeded: ({ issuer }) => issuer !== SANDBOX,
    check: url => {
      const remedy = 'Write it without "/" at its end, and without query.';
      checkServerUrl('resource_server_url', url, remedy);
      // Paths are appended to it.
      if (/\/$|\?/.test(url))
        throw mustBe('variable_invalid', 'resource_server_url', 'a base URL', shapeOf(url), remedy);
    },
  },
  {
    name: 'redirectUri',
    option: '--redirect-uri',
    message: 'redirect_uri, as it is registered; empty for that of the collection',
    isOptional: true,
    isNeeded: always,
    check: uri => {
      // "an absolute URI [...] MUST NOT include a fragment component" (RFC 6749 section 3.1.2)
      if (/^[a-z][a-z\d+.-]*:[!$-;=?-z~]+$/i.test(uri)) return;
      const expected = 'an absolute URI without fragment';
      throw mustBe('variable_invalid', 'redirect_uri', expected, shapeOf(uri), 'Copy it from the registration.');
    },
  },
  {
    name: 'signingKey',
    option: '--signing-key',
    message: 'File of the signing key: PEM, JWK or PKCS #12',
    isFile: true,
    isNeeded: needsSigningKey,
    check: async file => {
      await readPlainKey(file);
    },
  },
  {
    name: 'kid',
    option: '--kid',
    message: 'kid: the key ID in the registered JWKS',
    // A client of tls_client_auth may have a key too, for request objects.
    isNeeded: answers => needsSigningKey(answers) || answers.signingKey !== undefined,
    check: kid => {
      if (kid === '') throw mustBe('variable_missing', 'kid', EXPECTED_KID, 'nothing', 'Copy it from the JWKS.');
      checkKid(kid);
    },
    infer: async ({ signingKey }) => {
      const text = signingKey === undefined ? undefined : await readPlainKey(signingKey);
      return text === undefined ? undefined : importSigningKey(text).kid;
    },
    suggest: async ({ signingKey }) => {
      const text = signingKey === undefined ? undefined : await readPlainKey(signingKey);
      return text === undefined ? undefined : toPublicJwk(text).kid;
    },
  },
  {
    name: 'sslClientCert',
    option: '--ssl-client-cert',
    message: 'File of the transport certificate, PEM or PKCS #12 (.p12, .pfx)',
    isFile: true,
    isNeeded: always,
    check: async file => {
      if (await isPkcs12File(file)) return;
      parseTransportCertificates(await readPem('--ssl-client-cert', file, 'certificate'), { cert: file });
    },
  },
  {
    name: 'sslClientKey',
    option: '--ssl-client-key',
    message: 'File of its private key, PEM',
    isFile: true,
    isNeeded: async ({ sslClientCert }) => sslClientCert === undefined || !(await isPkcs12File(sslClientCert)),
    check: async file => {
      const fault = findNoKey(await readPem('--ssl-client-key', file, 'key'), file);
      if (fault !== undefined) throw new CommandError(fault);
    },
  },
  {
    name: 'sslExtraCaCerts',
    option: '--ssl-extra-ca-certs',
    message: 'File of further authorities to trust',
    isFile: true,
    isNeeded: () => false,
    check: async file => {
      await readPem('--ssl-extra-ca-certs', file, 'certificate');
    },
  },
];

/** Checks variables as the script does. */
function checkVariables(variables: Record<string, string>): void {
  readSettings(name => variables[name] ?? '');
}

/** The text of a signing key; undefined of one that is encrypted or in PKCS #12, which opens later. */
async function readPlainKey(file: string): Promise<string | undefined> {
  const bytes = await readBytes(file);
  if (isPkcs12(bytes)) return undefined;
  const text = toKeyText(bytes, file);
  if (isEncrypted(text)) return undefined;
  importSigningKey(text);
  return text;
}

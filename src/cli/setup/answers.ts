// What `init` has to know of a client: each answer with the option that gives it, the question that asks for it, and what it must
// be. On the machine.

import { metadataUrls } from '../../client-auth/authorization-server.ts';
import { ClientAuthError, mustBe } from '../../client-auth/errors.ts';
import { checkKid, EXPECTED_KID, readSettings } from '../../client-auth/settings.ts';
import { importSigningKey } from '../../client-auth/signing-key.ts';
import { type Needed, refuseBinary } from '../client/binary-file.ts';
import { toPublicJwk } from '../client/public-jwks.ts';
import { toKeyText } from '../client/signing-key-file.ts';
import { readBytes } from '../files.ts';

/** The answers, by the names of their options. Keys and certificates are paths. */
export interface Answers {
  method: string;
  clientId: string;
  issuer: string;
  signingKey?: string;
  kid?: string;
  sslClientCert: string;
  sslClientKey: string;
  sslExtraCaCerts?: string;
}

/** One of the answers. */
export interface Question {
  name: keyof Answers;
  /** The option that gives the answer, on the command line. */
  option: string;
  message: string;
  isFile?: true;
  /** The only answers there are, with what each means. */
  choices?: { value: string; hint: string }[];
  /** Whether the answer is needed, by those before it. */
  isNeeded(answers: Partial<Answers>): boolean;
  /** @throws CommandError or ClientAuthError that says what the answer must be */
  check(answer: string): void | Promise<void>;
  /** The answer where those before it have it; then nobody is asked. */
  infer?(answers: Partial<Answers>): Promise<string | undefined>;
  /** The answer to begin with. */
  suggest?(answers: Partial<Answers>): Promise<string | undefined>;
}

const always = (): boolean => true;
const needsSigningKey = ({ method }: Partial<Answers>): boolean => method !== 'tls_client_auth';

const checkFile =
  (option: string, needed: Needed) =>
  async (file: string): Promise<void> =>
    refuseBinary(option, file, await readBytes(file), needed);

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
    check: clientId => checkVariables({ client_id: clientId, token_endpoint_auth_method: 'tls_client_auth' }),
  },
  {
    name: 'issuer',
    option: '--issuer',
    message: 'Issuer of the authorization server',
    isNeeded: always,
    check: issuer => {
      metadataUrls(issuer);
    },
    suggest: async () => 'https://auth1.sandbox.mya.ozoneapi.io',
  },
  {
    name: 'signingKey',
    option: '--signing-key',
    message: 'File of the signing key, PEM or JWK',
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
    message: 'File of the transport certificate, PEM',
    isFile: true,
    isNeeded: always,
    check: checkFile('--ssl-client-cert', 'certificate'),
  },
  {
    name: 'sslClientKey',
    option: '--ssl-client-key',
    message: 'File of its private key, PEM',
    isFile: true,
    isNeeded: always,
    check: checkFile('--ssl-client-key', 'key'),
  },
  {
    name: 'sslExtraCaCerts',
    option: '--ssl-extra-ca-certs',
    message: 'File of further authorities to trust',
    isFile: true,
    isNeeded: () => false,
    check: checkFile('--ssl-extra-ca-certs', 'certificate'),
  },
];

/** Checks variables as the script does. */
function checkVariables(variables: Record<string, string>): void {
  readSettings(name => variables[name] ?? '');
}

/** The text of a signing key; undefined of an encrypted one, which opens later. */
async function readPlainKey(file: string): Promise<string | undefined> {
  const text = toKeyText(await readBytes(file), file);
  try {
    importSigningKey(text);
    return text;
  } catch (error) {
    if (error instanceof ClientAuthError && error.code === 'signing_key_encrypted') return undefined;
    throw error;
  }
}

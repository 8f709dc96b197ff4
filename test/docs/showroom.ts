// A folder with the files that the examples of README and docs name, and the authorization server that they are for. The table of
// names is in docs/development.md.

import { spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { inject } from '../../src/cli/collection/injection.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../../src/demo/authorization-server.ts';
import { writeCredentialFiles } from '../../src/demo/credential-files.ts';
import { scripts } from '../support/collections.ts';
import { toPublicPem } from '../support/keys.ts';
import { createSignCommand } from '../support/sign-command.ts';
import { writeFiles } from '../support/v12-folder.ts';
import { createFolder, toEnvironment, tokenCollection } from '../support/workplace.ts';

/** Read before the working directory changes. */
const OURS = readFileSync(new URL('../../collections/paynet.postman_collection.json', import.meta.url), 'utf8');

/** Files that examples make and other examples must not find. */
const MADE = [
  'paynet-client-auth.json',
  'paynet.postman_environment.json',
  'new-signing.pem',
  'new-jwks.json',
  'agent.url',
];

/** The options of the client, as the examples write them. */
export const CLIENT = [
  ...['-e', 'env.json', '--signing-key', 'signing.pem', '--ssl-client-cert', 'transport.pem'],
  ...['--ssl-client-key', 'transport.key', '--ssl-extra-ca-certs', 'ca.pem'],
];

type Result = { code: number; stdout: string; stderr: string };

export type Showroom = {
  server: AuthorizationServer;
  path: (name: string) => string;
  /** Writes all files again, where an example has changed one, and removes those that examples make. */
  refresh: () => void;
  /** Runs a process in the folder. */
  execute: (command: string, args: string[], env?: Record<string, string>) => Promise<Result>;
  remove: () => Promise<void>;
};

/** A collection with the folders of the examples, each with one token request. */
const createCollection = (): string => {
  const { item, ...rest } = tokenCollection() as { item: object[] };
  const folders = ['Accounts', 'Consents', 'Payments'].map(name => ({ name, item }));
  return JSON.stringify({ ...rest, item: folders }, null, 2);
};

/** Starts an authorization server and writes the files. */
export const createShowroom = async (): Promise<Showroom> => {
  const server = await startAuthorizationServer({ audience: 'token_endpoint' });
  const credentials = writeCredentialFiles(server.credentials);
  const folder = createFolder();
  const { path, write, remove } = folder;
  const { client_id, kid, signingKey } = server.clients.privateKeyJwt;
  const variables = {
    ...{ issuer: server.issuer, client_id, kid },
    ...{ redirect_uri: server.redirectUri, resource_server_url: server.resourceServerUrl },
  };
  const refresh = () => {
    const collection = createCollection();
    write('env.json', toEnvironment(variables));
    write('env-with-key.json', toEnvironment({ ...variables, signing_key: signingKey }));
    write('jwks.json', { keys: [server.credentials.signingKey.publicJwk] });
    write('my.postman_collection.json', collection);
    write('my-authenticated.postman_collection.json', inject(collection, scripts));
    write('paynet.postman_collection.json', OURS);
    // `init` writes into it too.
    rmSync(path('postman'), { recursive: true, force: true });
    writeFiles(path('postman'), {
      'collections/Accounts/Token.request.yaml':
        '$kind: http-request\nurl: "{{token_endpoint}}"\nmethod: POST\nbody: {type: urlencoded, content: {grant_type: client_credentials}}\n',
      'environments/sandbox.environment.yaml': JSON.stringify(toEnvironment(variables)),
    });
    writeFileSync(path('signing.pem'), signingKey, { mode: 0o600 });
    write('sign.sh', createSignCommand(folder, createPrivateKey(signingKey))());
    write('signing-public.pem', toPublicPem(createPrivateKey(signingKey)));
    copyFileSync(credentials.cert, path('transport.pem'));
    copyFileSync(credentials.key, path('transport.key'));
    copyFileSync(credentials.ca, path('ca.pem'));
    for (const name of MADE) rmSync(path(name), { force: true });
  };
  refresh();
  mkdirSync(path('temporary'));
  return {
    server,
    path,
    refresh,
    execute: (command, args, env = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn(command, args, { cwd: path(''), env: { ...process.env, ...env } });
        const result: Result = { code: 0, stdout: '', stderr: '' };
        child.stdout.on('data', chunk => {
          result.stdout += chunk;
        });
        child.stderr.on('data', chunk => {
          result.stderr += chunk;
        });
        child.on('error', reject);
        child.on('close', code => resolve({ ...result, code: code ?? 1 }));
      }),
    remove: async () => {
      credentials.remove();
      remove();
      await server.close();
    },
  };
};

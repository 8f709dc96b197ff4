// What commands are given, as files in a directory of their own: an authorization server's client, its keys, an environment,
// and a collection that asks for a token.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuthorizationServer, startAuthorizationServer } from '../../src/demo/authorization-server.ts';
import { type CredentialFiles, writeCredentialFiles } from '../../src/demo/credential-files.ts';
import { collectionOf, form } from './collections.ts';

/** A directory of a test's own. */
export type Folder = {
  path: (name: string) => string;
  /** Writes a file, text as it is and all else as JSON; gives its path. */
  write: (name: string, content: unknown) => string;
  remove: () => void;
};

/** Makes an empty directory. */
export const createFolder = (): Folder => {
  const folder = mkdtempSync(join(tmpdir(), 'paynet-client-auth-test-'));
  const path = (name: string) => join(folder, name);
  return {
    path,
    write: (name, content) => {
      const isPlain = typeof content === 'string' || content instanceof Uint8Array;
      writeFileSync(path(name), isPlain ? content : JSON.stringify(content));
      return path(name);
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
};

/** A Postman environment. */
export const toEnvironment = (variables: Record<string, unknown>): object => ({
  name: 'environment',
  values: Object.entries(variables).map(([key, value]) => ({ key, value, enabled: true })),
});

/** A directory with collection.json, env.json and key.pem; `out` in it is empty. */
export type Workplace = {
  server: AuthorizationServer;
  transport: CredentialFiles;
  path: (name: string) => string;
  /** The arguments of a `run` that authenticates. */
  args: string[];
  remove: () => Promise<void>;
};

/** The collection: one token request, without the script. */
export const tokenCollection = (url = '{{token_endpoint}}'): object => {
  const body = form(['grant_type', 'client_credentials'], ['scope', 'accounts'], ['client_id', '{{client_id}}']);
  return collectionOf([{ url, body }], { event: [] });
};

/** Starts an authorization server and writes the files of its client. */
export const createWorkplace = async (): Promise<Workplace> => {
  const server = await startAuthorizationServer({ audience: 'token_endpoint' });
  const transport = writeCredentialFiles(server.credentials);
  const { path, write, remove } = createFolder();
  const { client_id, kid, signingKey } = server.clients.privateKeyJwt;
  const settings = { token_endpoint: server.endpoints.token_endpoint, client_id, kid };
  write('collection.json', JSON.stringify(tokenCollection(), null, 2));
  write('env.json', toEnvironment(settings));
  writeFileSync(path('key.pem'), signingKey, { mode: 0o600 });
  mkdirSync(path('out'));
  const tls = ['--ssl-client-cert', transport.cert, '--ssl-client-key', transport.key];
  return {
    server,
    transport,
    path,
    args: [
      ...['run', path('collection.json'), '-e', path('env.json'), '--signing-key', path('key.pem')],
      ...[...tls, '--ssl-extra-ca-certs', transport.ca],
    ],
    remove: async () => {
      remove();
      transport.remove();
      await server.close();
    },
  };
};
